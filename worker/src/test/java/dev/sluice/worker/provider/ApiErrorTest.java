package dev.sluice.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiErrorTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "insufficient_quota",
                "insufficient_balance",
                "insufficient_credits",
                "credit_limit",
                "credit_limit_exceeded",
                "billing_hard_limit_reached",
                "billing_not_active",
                "payment_required",
                "exceeded_current_quota_error",
                "account_deactivated"
            })
    void aQuotaWordAsTypeOrCodeIsAboutTheAccount(String word) {
        assertThat(ofType(word).isQuota()).isTrue();
        assertThat(ofCode(word).isQuota()).isTrue();
        assertThat(ofType(word).isAboutAccess()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "rate_limit_exceeded",
                "model_rate_limit",
                "dynamic_request_limited",
                "quota",
                "insufficient_quota_for_model",
                "Insufficient_Quota",
                "billing",
                "max_tokens_limit"
            })
    void anyOtherWordIsNotAboutTheAccount(String word) {
        assertThat(ofType(word).isQuota()).isFalse();
        assertThat(ofCode(word).isQuota()).isFalse();
        assertThat(new ApiError("insufficient_quota", "", "", "insufficient_quota").isQuota())
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "unsupported_country_region_territory",
                "unsupported_region",
                "permission_denied",
                "insufficient_permissions",
                "PermissionDeniedError",
                "forbidden",
                "unauthorized",
                "unauthorised_client",
                "authentication_error",
                "invalid_api_key",
                "access_denied",
                "unknown_url",
                "invalid_url",
                "unknown_endpoint",
                "ip_not_authorized"
            })
    void anAccessWordInTypeOrCodeMayBeAboutTheUrlOrTheKey(String word) {
        assertThat(ofType(word).isAboutAccess()).isTrue();
        assertThat(ofCode(word).isAboutAccess()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "invalid_request_error",
                "context_length_exceeded",
                "model_not_found",
                "model_not_available",
                "BadRequestError",
                "content_filter",
                "invalid_value"
            })
    void anyOtherWordIsAboutTheRequest(String word) {
        assertThat(ofType(word).isAboutAccess()).isFalse();
        assertThat(ofCode(word).isAboutAccess()).isFalse();
        assertThat(new ApiError("forbidden", "", "", "region").isAboutAccess()).isFalse();
    }

    @Test
    void theWordIsTheTypeOrElseTheCode() {
        assertThat(new ApiError("m", "some_type", "some_code", "p").word()).isEqualTo("some_type");
        assertThat(new ApiError("m", "", "some_code", "p").word()).isEqualTo("some_code");
        assertThat(new ApiError("m", "two words", "some_code", "p").word()).isEqualTo("some_code");
        assertThat(new ApiError("m", "", "", "p").word()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", "a\r\nb", "a:b", "ü", "<b>", "a\u0000", "400", "4.0-1"})
    void aWordThatIsNotCleanIsNotTaken(String word) {
        assertThat(new ApiError("m", word, word, "p").word()).isEmpty();
    }

    @Test
    void aWordHasAtMost64Characters() {
        assertThat(ofType("x".repeat(64)).word()).isEqualTo("x".repeat(64));
        assertThat(ofType("x".repeat(65)).word()).isEmpty();
    }

    @Test
    void everyPartIsBounded() {
        String tooLong = "x".repeat(5_000);

        ApiError error = new ApiError(tooLong, tooLong, tooLong, tooLong);

        assertThat(error.message()).hasSize(1_000);
        assertThat(error.type()).hasSize(128);
        assertThat(error.code()).hasSize(128);
        assertThat(error.param()).hasSize(128);
        assertThat(new ApiError("m", "t", "c", "p")).isEqualTo(new ApiError("m", "t", "c", "p"));
    }

    private static ApiError ofType(String type) {
        return new ApiError("m", type, "", "");
    }

    private static ApiError ofCode(String code) {
        return new ApiError("m", "", code, "");
    }
}
