package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UploadBudgetTest {
    @Test
    void givesNoMoreThanItHas() {
        UploadBudget budget = new UploadBudget(10);

        assertThat(budget.take(7)).isTrue();
        assertThat(budget.take(4)).isFalse();
        assertThat(budget.take(3)).isTrue();
        budget.release(10);
        assertThat(budget.held()).isZero();
    }

    /** Bodies that are cut off, too late, too large, refused and published, again and again. */
    @Test
    void aDoorGivesBackWhatItHasTaken() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            List<RawConnection> late = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                try (RawConnection gone = door.connect()) {
                    gone.send(HostileClientTest.HEAD + "Content-Length: 5000\r\n\r\n" + "x".repeat(4_000));
                }
                RawConnection slow = door.connect();
                late.add(slow.send(HostileClientTest.HEAD + "Content-Length: 5000\r\n\r\n" + "x".repeat(4_000)));
                assertThat(door.post("x".repeat(30_000)).statusCode()).isEqualTo(413);
                assertThat(door.post("{").statusCode()).isEqualTo(400);
                assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(200);
            }
            for (RawConnection slow : late) {
                assertThat(slow.head()).contains("408");
                slow.close();
            }

            await().until(() -> gauge(door, "sluice.gateway.upload.bytes") == 0);
            assertThat(gauge(door, "sluice.gateway.waiting.requests")).isZero();
        }
    }

    private static double gauge(TestDoor door, String name) {
        return door.registry.get(name).gauge().value();
    }
}
