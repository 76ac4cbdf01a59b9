package dev.sluice.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.text.CommandException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.Test;

class AdminResultsTest {
    private static final TopicPartition FIRST = new TopicPartition("t", 0);
    private static final TopicPartition SECOND = new TopicPartition("t", 1);

    @Test
    void leavesOutAPartitionWhoseLeaderIsUnavailable() throws Exception {
        assertThat(offsets(KafkaFuture.completedFuture(offset(7)), failed(new TimeoutException("no leader"))))
                .isEqualTo(Map.of(FIRST, 7L));
    }

    @Test
    void failsIfNoLeaderAnswers() {
        assertThatThrownBy(() ->
                        offsets(failed(new TimeoutException("no leader")), failed(new TimeoutException("nor here"))))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("cannot read the offsets: no broker has answered in time; try again");
    }

    @Test
    void failsIfALeaderDeniesAccess() {
        assertThatThrownBy(() -> offsets(
                        KafkaFuture.completedFuture(offset(7)), failed(new TopicAuthorizationException(Set.of("t")))))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("Describe on topic t");
    }

    @Test
    void namesTheMissingRight() {
        assertThat(AdminResults.unreadable("the offsets", new TopicAuthorizationException(Set.of("t"))))
                .hasMessage("cannot read the offsets: Kafka does not allow it: give this user Describe on topic t");
    }

    private static Map<TopicPartition, Long> offsets(
            KafkaFuture<ListOffsetsResultInfo> first, KafkaFuture<ListOffsetsResultInfo> second)
            throws InterruptedException {
        ListOffsetsResult asked = new ListOffsetsResult(Map.of(FIRST, first, SECOND, second));
        return AdminResults.offsets(asked, List.of(FIRST, SECOND), "the offsets");
    }

    private static ListOffsetsResultInfo offset(long offset) {
        return new ListOffsetsResultInfo(offset, -1, Optional.empty());
    }

    private static KafkaFuture<ListOffsetsResultInfo> failed(Exception why) {
        KafkaFutureImpl<ListOffsetsResultInfo> failed = new KafkaFutureImpl<>();
        failed.completeExceptionally(why);
        return failed;
    }
}
