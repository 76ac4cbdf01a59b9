package dev.sluice.worker.cli.options;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of {@code --weight}. */
public record TenantWeight(String tenant, int weight) {
    private static final int MOST = 1_000;

    /**
     * Reads {@code TENANT=3}.
     *
     * @throws IllegalArgumentException if the text has no such form. The message names the accepted form.
     */
    static TenantWeight parse(String text) {
        // A tenant's name might contain '=', a weight never does.
        int equals = text.lastIndexOf('=');
        String tenant = text.substring(0, Math.max(0, equals)).strip();
        if (tenant.isEmpty() || !text.substring(equals + 1).strip().matches("[0-9]{1,4}")) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not TENANT=WEIGHT, such as search=3 with a weight of 1 to " + MOST);
        }
        int weight = Integer.parseInt(text.substring(equals + 1).strip());
        if (weight < 1 || weight > MOST) {
            throw new IllegalArgumentException("'" + text + "' has a weight that is not 1 to " + MOST);
        }
        return new TenantWeight(tenant, weight);
    }

    /** Returns the weights by tenant. A tenant that occurs twice is a problem, because either weight might be meant. */
    public static Map<String, Integer> byTenant(List<TenantWeight> weights, List<String> problems) {
        Map<String, Integer> byTenant = new LinkedHashMap<>();
        for (TenantWeight each : weights) {
            if (byTenant.put(each.tenant(), each.weight()) != null) {
                problems.add("--weight: tenant '" + each.tenant() + "' has more than one; keep one");
            }
        }
        return byTenant;
    }
}
