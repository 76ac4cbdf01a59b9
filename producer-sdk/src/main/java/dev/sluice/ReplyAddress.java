package dev.sluice;

/**
 * Where the reply to an ask is to be sent, in the convention of Spring's {@code ReplyingKafkaTemplate}. Made for one record
 * and never compared.
 *
 * @param correlation what the reply is known by, among all on that partition
 */
@SuppressWarnings("ArrayRecordComponent")
record ReplyAddress(String topic, int partition, byte[] correlation) {}
