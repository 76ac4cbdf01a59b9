package dev.sluice.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.CompletionChunks;
import dev.sluice.sandbox.RandomCompletions;
import dev.sluice.stream.CompletionAssembly.Added;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class CompletionAssemblyTest {
    private static final int MAX_BYTES = 1 << 20;

    @Test
    void tenThousandRandomCompletionsAreWholeAgainHoweverTheyAreCut() {
        Random random = new Random(23);
        RandomCompletions completions = new RandomCompletions(random);
        CompletionChunks cut = new CompletionChunks(() -> 1 + random.nextInt(9), true);
        for (int i = 0; i < 10_000; i++) {
            ObjectNode whole = completions.next();
            CompletionAssembly assembly =
                    new CompletionAssembly(whole.path("choices").size(), MAX_BYTES);

            for (ObjectNode chunk : cut.of(whole, true)) {
                assertThat(assembly.add(ChunkJson.bytes(chunk))).isEqualTo(Added.TAKEN);
            }

            assertThat(ChunkJson.MAPPER.readTree(assembly.completion()))
                    .as("completion %d", i)
                    .isEqualTo(ChunkJson.MAPPER.readTree(ChunkJson.bytes(whole)));
            assertThat(assembly.isComplete()).isTrue();
            assertThat(assembly.bytes())
                    .isBetween(assembly.completion().length / 2L, assembly.completion().length * 2L);
        }
    }

    @Test
    void toolCallsWithoutAnIndexAreToldApartByTheirId() {
        JsonNode calls = assembled(
                        delta("'tool_calls':[{'id':'a','function':{'name':'f','arguments':'1'}}]"),
                        delta("'tool_calls':[{'id':'b','function':{'name':'g','arguments':'2'}}]"),
                        delta("'tool_calls':[{'id':'a','function':{'arguments':'3'}}]"),
                        delta("'tool_calls':[{'function':{'arguments':'4'}}]"))
                .at("/choices/0/message/tool_calls");

        assertThat(calls)
                .isEqualTo(json("[{'id':'a','function':{'name':'f','arguments':'134'}},"
                        + "{'id':'b','function':{'name':'g','arguments':'2'}}]"));
    }

    @Test
    void anIndexCountsMoreThanAnIdAndEmptyTextsReplaceNothing() {
        JsonNode calls = assembled(
                        delta("'tool_calls':[{'index':1,'id':'b','type':'function','function':{'name':'g'}}]"),
                        delta("'tool_calls':[{'index':0,'id':'a','type':'function','function':{'name':'f'}}]"),
                        delta("'tool_calls':[{'index':1,'id':'','type':null,'function':{'name':'','arguments':'{}'}}]"))
                .at("/choices/0/message/tool_calls");

        assertThat(calls)
                .isEqualTo(json("[{'id':'a','type':'function','function':{'name':'f'}},"
                        + "{'id':'b','type':'function','function':{'name':'g','arguments':'{}'}}]"));
    }

    /** The index is 0 in all of them with some APIs. Each call has a name and an id of its own then. */
    @Test
    void parallelToolCallsWithOneIndexAreToldApartByTheirId() {
        JsonNode calls = assembled(
                        delta("'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'1'}}]"),
                        delta("'tool_calls':[{'index':0,'function':{'arguments':'2'}},"
                                + "{'index':0,'id':'b','function':{'name':'f','arguments':'3'}}]"),
                        delta("'tool_calls':[{'index':0,'function':{'arguments':'4'}}]"),
                        delta("'tool_calls':[{'index':0,'id':'c','custom':{'name':'g','input':'5'}}]"),
                        delta("'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'6'}}]"))
                .at("/choices/0/message/tool_calls");

        assertThat(calls)
                .isEqualTo(json("[{'id':'a','function':{'name':'f','arguments':'126'}},"
                        + "{'id':'b','function':{'name':'f','arguments':'34'}},"
                        + "{'id':'c','custom':{'name':'g','input':'5'}}]"));
    }

    /** Others make up an id for each piece, or say it late. */
    @Test
    void aNewIdWithoutANameBeginsNoToolCall() {
        JsonNode calls = assembled(
                        delta("'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':''}}]"),
                        delta("'tool_calls':[{'index':0,'id':'x','function':{'arguments':'1'}}]"),
                        delta("'tool_calls':[{'index':0,'id':'y','function':{'name':null,'arguments':'2'}}]"),
                        delta("'tool_calls':[{'index':1,'function':{'name':'g'}}]"),
                        delta("'tool_calls':[{'index':1,'id':'late','function':{'name':'g','arguments':'3'}}]"))
                .at("/choices/0/message/tool_calls");

        assertThat(calls)
                .isEqualTo(json("[{'id':'y','function':{'name':'f','arguments':'12'}},"
                        + "{'id':'late','function':{'name':'g','arguments':'3'}}]"));
    }

    @Test
    void unknownFieldsKeepTheirLastValueThatIsNotNull() {
        JsonNode whole = assembled(
                "{'id':'1','x':1,'service_tier':'a','choices':[{'index':0,'y':[1],'delta':{'z':{'a':1}}}]}",
                "{'id':'1','x':2,'service_tier':null,'choices':[{'index':0,'y':null,'delta':{'z':null}}]}");

        assertThat(whole)
                .isEqualTo(json("{'id':'1','object':'chat.completion','x':2,'service_tier':'a','choices':[{'index':0,"
                        + "'y':[1],'message':{'role':'assistant','content':null,'z':{'a':1}},'finish_reason':null}]}"));
    }

    @Test
    void theUsageOfAnyChunkIsThatOfTheCompletion() {
        JsonNode whole = assembled(
                "{'usage':{'total_tokens':1},'choices':[{'delta':{'content':'a'}}]}",
                "{'usage':{'total_tokens':2},'choices':[]}",
                "{'usage':null,'choices':[]}");

        assertThat(whole.path("usage")).isEqualTo(json("{'total_tokens':2}"));
    }

    @Test
    void aTokenOfTogetherWithItsNumberIsInTheFormOfAWholeAnswer() {
        JsonNode choice = assembled(
                        "{'choices':[{'index':0,'text':'a','logprobs':-0.5,'delta':{'content':'a'}}]}",
                        "{'choices':[{'index':0,'text':'b','logprobs':-0.25,'delta':{'content':'b'}}]}")
                .at("/choices/0");

        assertThat(choice.path("logprobs")).isEqualTo(json("{'tokens':['a','b'],'token_logprobs':[-0.5,-0.25]}"));
        assertThat(choice.at("/message/content").stringValue()).isEqualTo("ab");
        assertThat(choice.has("text")).isFalse();
    }

    @Test
    void aContentOfPartsIsAppended() {
        JsonNode content = assembled(
                        delta("'content':'a'"), delta("'content':[{'type':'thinking'}]"), delta("'content':'b'"))
                .at("/choices/0/message/content");

        assertThat(content)
                .isEqualTo(json("[{'type':'text','text':'a'},{'type':'thinking'},{'type':'text','text':'b'}]"));
    }

    @Test
    void halfASurrogatePairAtTheEndStaysWhatItIs() {
        CompletionAssembly assembly = new CompletionAssembly(1, MAX_BYTES);

        assembly.add(bytes(delta("'content':'a\\ud83d'")));

        assertThat(new String(assembly.completion(), UTF_8)).contains("\"a\\ud83d\"");
        assertThat(ChunkJson.MAPPER
                        .readTree(assembly.completion())
                        .at("/choices/0/message/content")
                        .stringValue())
                .isEqualTo("a\ud83d");

        assembly.add(bytes(delta("'content':'\\ude00b'")));

        assertThat(new String(assembly.completion(), UTF_8)).contains("\"a😀b\"");
    }

    @Test
    void itIsCompleteOnceItHasEndedOrEveryChoiceHasAFinishReason() {
        CompletionAssembly two = new CompletionAssembly(2, MAX_BYTES);
        two.add(bytes("{'choices':[{'index':0,'finish_reason':'stop'},{'index':1,'finish_reason':''}]}"));
        assertThat(two.isComplete()).isFalse();

        two.add(bytes("{'choices':[{'index':1,'finish_reason':'length'}]}"));
        assertThat(two.isComplete()).isTrue();

        CompletionAssembly ended = new CompletionAssembly(2, MAX_BYTES);
        assertThat(ended.isComplete()).isFalse();
        ended.end();
        assertThat(ended.isComplete()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[]", "1", "{} {}", "\u0000"})
    void whatIsNoObjectChangesNothing(String chunk) {
        CompletionAssembly assembly = new CompletionAssembly(1, MAX_BYTES);

        assertThat(assembly.add(bytes(chunk))).isEqualTo(Added.MALFORMED);

        assertThat(assembly.isEmpty()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'error':{'message':'m'}}", "{'error':'m','choices':[]}", "{'object':'error'}"})
    void anErrorChangesNothing(String chunk) {
        CompletionAssembly assembly = new CompletionAssembly(1, MAX_BYTES);

        assertThat(assembly.add(bytes(chunk))).isEqualTo(Added.ERROR);

        assertThat(assembly.isEmpty()).isTrue();
    }

    @Test
    void anErrorThatIsNullIsNone() {
        CompletionAssembly assembly = new CompletionAssembly(1, MAX_BYTES);

        assertThat(assembly.add(bytes("{'error':null,'choices':[]}"))).isEqualTo(Added.TAKEN);

        assertThat(assembly.tree().has("error")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'choices':{'index':0}}",
                "{'choices':[1,null,[]]}",
                "{'choices':[{'index':'a','delta':[],'logprobs':{}}]}",
                "{'choices':[{'delta':{'content':1,'tool_calls':{}}}]}",
                "{'choices':[{'delta':{'tool_calls':[1,{'function':'f'}],'function_call':'f'}}]}",
                "{'choices':[{'index':-1,'finish_reason':7}]}"
            })
    void chunksOfAnyOtherShapeAreTaken(String chunk) {
        CompletionAssembly assembly = new CompletionAssembly(1, MAX_BYTES);

        assertThat(assembly.add(bytes(chunk))).isEqualTo(Added.TAKEN);
        assertThat(assembly.add(bytes(delta("'content':'a'")))).isEqualTo(Added.TAKEN);

        assertThat(ChunkJson.MAPPER
                        .readTree(assembly.completion())
                        .path("choices")
                        .toString())
                .contains("\"a\"");
    }

    @Test
    void whatGrowsBeyondTheBoundIsTooLarge() {
        CompletionAssembly assembly = new CompletionAssembly(1, 10_000);
        byte[] chunk = bytes(delta("'content':'" + "é".repeat(500) + "'"));
        int taken = 0;

        while (assembly.add(chunk) == Added.TAKEN) {
            taken++;
        }

        assertThat(taken).isEqualTo(9);
    }

    @Test
    void whatEachChunkRepeatsCountsOnce() {
        CompletionAssembly assembly = new CompletionAssembly(1, 1_000);
        byte[] chunk = bytes("{'id':'" + "i".repeat(100) + "','choices':[{'index':0,'delta':{'content':''}}]}");

        for (int i = 0; i < 1_000; i++) {
            assertThat(assembly.add(chunk)).isEqualTo(Added.TAKEN);
        }
    }

    @Test
    void numbersStayAsTheyAre() {
        String whole = assembled("{'a':1.10,'b':-0.12345678901234567890123,'c':12345678901234567890,'choices':[]}")
                .toString();

        assertThat(whole).contains("1.10", "-0.12345678901234567890123", "12345678901234567890");
    }

    private static JsonNode assembled(String... chunks) {
        CompletionAssembly assembly = new CompletionAssembly(1, MAX_BYTES);
        for (String chunk : chunks) {
            assertThat(assembly.add(bytes(chunk))).isEqualTo(Added.TAKEN);
        }
        return ChunkJson.MAPPER.readTree(assembly.completion());
    }

    private static String delta(String fields) {
        return "{'choices':[{'index':0,'delta':{" + fields + "}}]}";
    }

    private static JsonNode json(String text) {
        return ChunkJson.MAPPER.readTree(bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.replace('\'', '"').getBytes(UTF_8);
    }
}
