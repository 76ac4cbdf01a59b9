package dev.sluice;

/**
 * The partition that the reply to an ask is sent to. It follows the convention of Spring's
 * {@code ReplyingKafkaTemplate}. An address is made for one record and never compared.
 *
 * @param correlation the bytes that identify the reply among all on that partition
 */
@SuppressWarnings("ArrayRecordComponent")
record ReplyAddress(String topic, int partition, byte[] correlation) {}
