package dev.sluice.worker.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionBodyTest {
    private static final int[] STATUSES = {200, 400, 403, 404, 405, 422, 429, 500, 503};

    @Test
    void aCompletionHasChoices() {
        CompletionBody body = read("""
                {"id": "x", "usage": {"total_tokens": 3}, "choices": [{"message": {"content": "hi"}}], "more": [1, {}]}
                """);

        assertThat(body)
                .isEqualTo(new CompletionBody(
                        true,
                        true,
                        Optional.empty(),
                        Optional.empty(),
                        OptionalInt.empty(),
                        "",
                        Optional.of(new TokenUsage(0, 3))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'choices': []}",
                "{'choices': null}",
                "{'choices': {}}",
                "{'choices': 'a'}",
                "{'inner': {'choices': [1]}}"
            })
    void withoutAChoiceItIsNoCompletion(String text) {
        CompletionBody body = json(text);

        assertThat(body.hasChoices()).isFalse();
        assertThat(body.hasUsableChoice()).isFalse();
        assertNotOwn(body);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'message': {'content': 'hi'}}",
                "{'message': {'role': 'assistant', 'content': [{'type': 'text', 'text': 'hi'}]}}",
                "{'message': {'content': null, 'tool_calls': [{'id': '1', 'function': {'name': 'f'}}]}}",
                "{'message': {'content': null, 'function_call': {'name': 'f', 'arguments': '{}'}}}",
                "{'message': {'content': null, 'refusal': 'no'}}",
                "{'message': {'content': '', 'reasoning': 'thinking'}}",
                "{'message': {'content': null, 'reasoning_content': 'thinking'}}",
                "{'message': {'content': null, 'audio': {'id': 'a', 'data': 'x'}}}",
                "{'text': 'hi', 'index': 0}"
            })
    void aChoiceThatSaysSomethingIsUsable(String choice) {
        CompletionBody body = json("{'choices': [{'index': 0, 'message': {}}, " + choice + "]}");

        assertThat(body.hasChoices()).isTrue();
        assertThat(body.hasUsableChoice()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1",
                "null",
                "\"hi\"",
                "[]",
                "{}",
                "{'message': null}",
                "{'message': 'hi'}",
                "{'message': {'content': ''}}",
                "{'message': {'content': null, 'tool_calls': [], 'function_call': {}, 'refusal': ''}}",
                "{'message': {'content': 7, 'refusal': true}}",
                "{'message': {'role': 'assistant', 'other': {'content': 'hi'}}}",
                "{'text': ''}",
                "{'delta': {'content': 'hi'}}",
                "{'finish_reason': 'stop'}"
            })
    void aChoiceThatSaysNothingIsNotUsable(String choice) {
        CompletionBody body = json("{'choices': [" + choice + "]}");

        assertThat(body.hasChoices()).isTrue();
        assertThat(body.hasUsableChoice()).isFalse();
        assertThat(body.error(200)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'choices': [{'message': {'content': null}}], 'error': {'message': 'm', 'code': 502}}",
                "{'error': {'message': 'm', 'code': 502}, 'choices': [{'message': {'content': ''}}]}",
                "{'choices': [{'error': {'message': 'm', 'code': 502}, 'message': {'content': ''}}]}",
                "{'choices': [{'message': null, 'finish_reason': 'error', 'error': {'message': 'm', 'code': 502}}]}"
            })
    void anErrorBesideOrInsideAnEmptyChoiceIsFound(String text) {
        CompletionBody body = json(text);

        assertThat(body.hasUsableChoice()).isFalse();
        assertThat(body.error(200)).contains(new ApiError("m", "", "502", ""));
        assertThat(body.statusInside()).hasValue(502);
    }

    @Test
    void anErrorDoesNotHideAUsableChoice() {
        CompletionBody body = json("{'choices': [{'message': {'content': 'half'}, 'error': {'message': 'm'}}]}");

        assertThat(body.hasUsableChoice()).isTrue();
        assertThat(body.error(200)).isPresent();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'error': {'type': 'a', 'message': 'm'}} | a | m",
                "{'error': {'message': 'm', 'error_type': 'a'}} | a | m",
                "{'error': {'message': 'm'}, 'error_type': 'a'} | a | m",
                "{'error_type': 'a', 'error': {'message': 'm'}} | a | m",
                "{'error': {'type': 'a', 'error_type': 'b', 'message': 'm'}} | a | m",
                "{'error_type': 'b', 'error': {'type': 'a'}} | a | ''",
                "{'error': {'message': 'm', 'type': null, 'param': {'type': 'no'}}} | '' | m",
                "{'error': {'message': ['m'], 'type': {'type': 'no'}}} | '' | ''",
                "{'error': 'm'} | '' | m",
                "{'error': 'm', 'error_type': 'a'} | a | m",
                "{'error': {}} | '' | ''",
                "{'status': 500, 'path': '/', 'error': {'message': 'm', 'type': 'a'}} | a | m",
                "{'object': 'error', 'message': 'm', 'type': 'a'} | a | m",
                "{'message': 'm', 'type': 'a', 'object': 'error'} | a | m"
            })
    void anErrorOfTheApiHasItsTypeAndMessage(String text, String type, String message) {
        CompletionBody body = json(text);

        for (int status : STATUSES) {
            assertThat(body.error(status)).contains(new ApiError(message, type, "", ""));
        }
        assertThat(body.hasChoices()).isFalse();
        assertThat(body.words()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'error': {'message': 'm', 'type': 't', 'code': 'c', 'param': 'p'}} | c | p",
                "{'error': {'message': 'm', 'type': 't', 'code': 404, 'param': null}} | 404 | ''",
                "{'error': {'message': 'm', 'type': 't', 'code': null}} | '' | ''",
                "{'error': {'message': 'm', 'type': 't', 'code': 4.5, 'param': ['p']}} | '' | ''",
                "{'object': 'error', 'message': 'm', 'type': 't', 'param': 'p', 'code': 40303} | 40303 | p"
            })
    void anErrorOfTheApiHasItsCodeAndParam(String text, String code, String param) {
        assertThat(json(text).error(400)).contains(new ApiError("m", "t", code, param));
    }

    @Test
    void aTextOfFastApiIsAnErrorWithTwoStatusesOnly() {
        assertDetail("{'detail': 'no such model'}", "no such model");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[{'type': 'missing', 'loc': ['body', 'messages', 0], 'msg': 'Field required', 'input': {'a': [1]}}]"
                        + " | body.messages.0: Field required",
                "[{'loc': ['body', 'n'], 'msg': 'a'}, 7, {'loc': ['query', 'x'], 'msg': 'b', 'ctx': {}}]"
                        + " | body.n: a; query.x: b",
                "[{'msg': 'a', 'loc': 'place'}] | a; place",
                "[{'msg': 'only this'}] | only this",
                "[{'loc': [{'deep': 1}, 'body'], 'msg': 'a'}] | body: a"
            })
    void aListOfFastApiIsAnErrorWithTwoStatusesOnly(String list, String message) {
        assertDetail("{'detail': " + list + "}", message);
    }

    private static void assertDetail(String text, String message) {
        CompletionBody body = json(text);

        for (int status : STATUSES) {
            Optional<ApiError> error =
                    status == 400 || status == 422 ? Optional.of(new ApiError(message, "", "", "")) : Optional.empty();
            assertThat(body.error(status)).as("with %d", status).isEqualTo(error);
        }
        assertThat(body.words()).isEqualTo(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'detail': []}", "{'detail': null}", "{'detail': {'msg': 'a'}}", "{'detail': [1, 'a']}"})
    void aDetailWithoutWordsIsNoError(String text) {
        assertNotOwn(json(text));
    }

    @Test
    void aLongListOfFastApiIsCut() {
        String item = "{'loc': ['body', 'messages'], 'msg': 'Field required'}";

        CompletionBody body = json("{'detail': [" + (item + ",").repeat(10_000) + item + "]}");

        assertThat(body.error(422).orElseThrow().message()).hasSizeBetween(300, 400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Amazon's API Gateway, Kong, Azure's API Management, Kubernetes
                "{'message': 'Forbidden'} | Forbidden",
                "{'message': 'no Route matched', 'request_id': 'x'} | no Route matched",
                "{'statusCode': 404, 'message': 'Resource not found'} | Resource not found",
                "{'kind': 'Status', 'status': 'Failure', 'message': 'not found', 'code': 404} | not found",
                // Cloudflare
                "{'type': 'https://example.test/1010', 'title': 'Error 1010: Access denied', 'status': 403,"
                        + " 'detail': 'Your browser was banned', 'instance': 'a1', 'error_code': 1010,"
                        + " 'cloudflare_error': true, 'retryable': false}"
                        + " | Error 1010: Access denied: Your browser was banned",
                // RFC 9457
                "{'type': 'about:blank', 'title': 'Bad Request', 'status': 400, 'detail': 'no'} | Bad Request: no",
                "{'title': 'Bad Request', 'detail': 'no'} | Bad Request: no",
                "{'detail': 'no', 'status': 400} | no",
                "{'type': 'about:blank', 'detail': 'no'} | no",
                "{'detail': 'no', 'instance': '/v1'} | no",
                // Spring Boot, Fastify, Nest
                "{'timestamp': '2026-11-28T10:00:00Z', 'status': 404, 'error': 'Not Found', 'path': '/v2'} | Not Found",
                "{'timestamp': 1795860000000, 'error': 'Bad Request', 'message': 'm'} | m: Bad Request",
                "{'statusCode': 400, 'error': 'Bad Request', 'message': 'm'} | m: Bad Request",
                "{'message': 'Cannot POST /v2', 'error': 'Not Found', 'statusCode': 404} | Cannot POST /v2: Not Found",
                // others
                "{'type': 'no', 'code': 'no', 'param': 'no'} | ''",
                "{'error': null, 'message': 'm'} | m",
                "{'error': ['a']} | ''",
                "{'error': true} | ''",
                "{'object': 'chat.completion', 'message': 'm'} | m",
                "{'object': {'object': 'error'}, 'message': 'm'} | m",
                "{'errors': [{'message': 'm'}]} | ''"
            })
    void anErrorOfAProxyOrAFrameworkIsNotTheApis(String text, String words) {
        CompletionBody body = json(text);

        assertNotOwn(body);
        assertThat(body.words()).isEqualTo(words);
    }

    @ParameterizedTest
    @CsvSource({
        "401, 401",
        "'\"429\"', 429",
        "400, 400",
        "599, 599",
        "399, ",
        "600, ",
        "200, ",
        "4290, ",
        "-500, ",
        "500.5, ",
        "'\"500 \"', ",
        "'\"bad\"', ",
        "true, ",
        "null, ",
        "'[500]', "
    })
    void theStatusInsideAnErrorIsANumberOrAText(String value, Integer status) {
        OptionalInt expected = status == null ? OptionalInt.empty() : OptionalInt.of(status);

        assertThat(read("{\"error\": {\"code\": " + value + "}}").statusInside())
                .isEqualTo(expected);
        assertThat(read("{\"error\": {\"status\": " + value + "}}").statusInside())
                .isEqualTo(expected);
        assertThat(read("{\"object\": \"error\", \"code\": " + value + "}").statusInside())
                .isEqualTo(expected);
    }

    @Test
    void aStatusOutsideTheErrorIsNotTheStatusInside() {
        assertThat(json("{'code': 500, 'status': 500, 'choices': [{'code': 500}]}")
                        .statusInside())
                .isEmpty();
        assertThat(json("{'error': 'words', 'code': 500}").statusInside()).isEmpty();
    }

    @Test
    void aCodeThatIsNoStatusDoesNotHideTheStatus() {
        assertThat(json("{'error': {'code': 999, 'status': 502}}").statusInside())
                .hasValue(502);
        assertThat(json("{'error': {'status': 'failed', 'code': '404'}}").statusInside())
                .hasValue(404);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | ''",
                "' ' | ''",
                "404 page not found | 404 page not found",
                "' no healthy\n\tupstream\r\n' | no healthy upstream",
                "null | null",
                "\"text\" | \"text\"",
                "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
                        + " | 502 Bad Gateway nginx",
                "<style>p { color: red }</style><SCRIPT type=\"a\">if (1 < 2) {}</SCRIPT ><p>Sorry</p> | Sorry",
                "<p>Sorry</p><script>var a = 1; | Sorry",
                "<styles>Sorry</styles> | Sorry",
                "a < b <br/> c | a < b c"
            })
    void theWordsOfAForeignTextHaveNoMarkup(String text, String words) {
        CompletionBody body = read(text);

        assertNotOwn(body);
        assertThat(body.words()).isEqualTo(words);
    }

    @Test
    void onlyTheFirstWordsAreKept() {
        String longText = "x".repeat(299) + "yz".repeat(100_000);

        assertThat(read(longText).words()).isEqualTo("x".repeat(299) + "y");
        assertThat(json("{'title': '" + longText + "', 'detail': 'd'}").words()).isEqualTo("x".repeat(299) + "y");
        assertThat(json("{'message': '" + longText + "'}").words()).hasSize(300);
    }

    @Test
    void theWordsBehindALongStyleSheetAreFound() {
        String page = "<html><style>" + "p { color: red } ".repeat(500) + "</style><h1>Error 1010</h1></html>";

        assertThat(read(page).words()).isEqualTo("Error 1010");
    }

    @Test
    void noMarkupTakesLongToRead() {
        for (String part : new String[] {"<", "<a ", "<style", "<script>", "</", " ", "<!--"}) {
            long start = System.nanoTime();
            read(part.repeat(100_000));
            assertThat(System.nanoTime() - start).as(part).isLessThan(1_000_000_000L);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{'choices': [1]}]",
                "{'choices': [1]",
                "{'choices': [1",
                "{'choices': [{'message': {'content': 'hal",
                "{'error': {'type': 'a'",
                "{'error': {'type':",
                "{'error': {'type': 'a'}} x",
                "{'choices': [1]} x",
                "{'choices': [1]} {}",
                "{'choices': [1]}}",
                "{choices: [1]}"
            })
    void anythingButOneWholeObjectIsForeign(String text) {
        CompletionBody body = json(text);

        assertThat(body.hasChoices()).isFalse();
        assertThat(body.hasUsableChoice()).isFalse();
        assertNotOwn(body);
        assertThat(body.words()).isEqualTo(text.replace('\'', '"'));
    }

    @Test
    void aLongAnswerIsRead() {
        String content = "x".repeat(30_000_000);

        CompletionBody body = read("{\"choices\": [{\"message\": {\"content\": \"" + content + "\"}}]}");

        assertThat(body.hasUsableChoice()).isTrue();
    }

    @Test
    void aLongErrorIsReadAndCut() {
        CompletionBody body = json("{'error': {'message': '" + "x".repeat(3_000_000) + "', 'type': 't'}}");

        assertThat(body.error(400)).contains(new ApiError("x".repeat(1_000), "t", "", ""));
    }

    @Test
    void aDeepAnswerIsForeign() {
        for (String part : new String[] {"{'a':", "{'choices': [", "{'error': {'message': [", "{'detail': [", "["}) {
            CompletionBody body = json(part.repeat(100_000));

            assertThat(body.hasChoices()).isFalse();
            assertNotOwn(body);
            assertThat(body.words()).hasSize(300);
        }
    }

    @Test
    void brokenUtf8IsForeign() {
        byte[] bytes = "{\"error\": \"?\"}".getBytes(UTF_8);
        bytes[11] = (byte) 0xff;

        CompletionBody body = CompletionBody.read(bytes);

        assertNotOwn(body);
        assertThat(body.words()).isEqualTo("{\"error\": \"\ufffd\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "dynamic_token_limited, '', TOKENS",
        "tokens, '', TOKENS",
        "TPM, '', TOKENS",
        "rate_limit_error, tokens_exceeded, TOKENS",
        "dynamic_request_limited, '', REQUESTS",
        "'', '', REQUESTS"
    })
    void theTypeOrTheCodeNamesTheExceededUnit(String type, String code, LimitUnit unit) {
        assertThat(json("{'error': {'type': '" + type + "', 'code': '" + code + "'}}")
                        .exceededUnit())
                .isEqualTo(unit);
    }

    private static void assertNotOwn(CompletionBody body) {
        for (int status : STATUSES) {
            assertThat(body.error(status)).as("with %d", status).isEmpty();
        }
        assertThat(body.statusInside()).isEmpty();
    }

    private static CompletionBody json(String text) {
        return read(text.replace('\'', '"'));
    }

    private static CompletionBody read(String text) {
        return CompletionBody.read(text.getBytes(UTF_8));
    }
}
