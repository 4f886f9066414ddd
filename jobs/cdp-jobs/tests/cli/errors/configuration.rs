//! Faults in `cdp.toml` and in sidecars.

use super::fails;
use crate::shop::Shop;

const CONFIG: &str = "shop/cdp.toml";
const SOURCES: &str = "shop/sql/sources.toml";
const SIDECAR: &str = "shop/sql/features/order_features.toml";
const VALIDATE: &str = "validate --project shop";

#[test]
fn unknown_keys_are_all_told() {
    let shop = Shop::new();
    shop.write(
        CONFIG,
        r#"[project]
name = "shop"
base = "none"
nmae = "shop"

[churn]
horizont_days = 30
gap_days = 1

[engin]
memory_limit = "1GiB"
"#,
    );
    fails(&shop, "config_unknown_keys", VALIDATE, 3);
    fails(
        &shop,
        "config_unknown_keys_run",
        "run --as-of 2026-01-04 --project shop",
        3,
    );
}

#[test]
fn wrong_values_are_all_told() {
    let shop = Shop::new();
    shop.write(
        CONFIG,
        r#"[project]
name = "shop"
base = "nothing"

[engine]
memory_limit = "much"
partitions = -1

[load]
bad_rows_max_share = 5

[churn]
horizon_days = "ninety"

[identity]
blocked_patterns = ["(("]
"#,
    );
    fails(&shop, "config_wrong_values", VALIDATE, 3);
}

#[test]
fn a_value_out_of_range_is_told() {
    let shop = Shop::new();
    shop.write(
        CONFIG,
        r#"[project]
name = "shop"
base = "none"

[load]
bad_rows_max_share = 5.0

[churn]
horizon_days = 0
fallback = "guess"
kind = "contract"
target = []
lapse_days = 9

[churn.risk_bands]
medium = 0.9
high = 0.1

[identity.types.email]
normalise = "emial"
priority = 1
"#,
    );
    fails(&shop, "config_out_of_range", VALIDATE, 3);
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let shop = Shop::new();
    shop.write(CONFIG, "[project\nname = shop\n");
    fails(&shop, "config_no_toml", VALIDATE, 3);
}

#[test]
fn a_project_that_is_not_there() {
    let shop = Shop::new();
    fails(&shop, "project_absent", "validate --project nowhere", 3);
    fails(&shop, "project_not_named", "validate", 3);
}

#[test]
fn a_place_that_is_no_lake() {
    let shop = Shop::new();
    shop.edit(
        CONFIG,
        "base = \"none\"\n",
        "base = \"none\"\n\n[lake]\nurl = \"ftp://shop/lake\"\n",
    );
    fails(&shop, "config_lake_url", VALIDATE, 3);
    fails(
        &shop,
        "lake_flag_url",
        "validate --project shop --lake hdfs://shop",
        3,
    );
}

#[test]
fn vars_of_nothing() {
    let shop = Shop::new();
    shop.edit(
        CONFIG,
        "base = \"none\"\n",
        "base = \"none\"\n\n[vars.\"features.order_feature\"]\nlookback_days = 10\n\n\
         [vars.\"features.order_features\"]\nlookback = 10\nlookback_days = \"ten\"\n",
    );
    fails(&shop, "config_vars", VALIDATE, 3);
}

#[test]
fn a_key_is_found_in_its_own_table() {
    let shop = Shop::new();
    shop.edit(
        CONFIG,
        "base = \"none\"\n",
        "base = \"none\"\n\n[identity.types.user_id]\nnormalise = \"id\"\npriority = 1\n\n\
         [identity.types.email]\nnormalise = \"emial\"\npriority = 2\n\n\
         # [vars.\"features.order_features\"]\n# lookback = 10\n",
    );
    fails(&shop, "config_key_of_a_table", VALIDATE, 3);
    shop.edit(CONFIG, "\"emial\"", "\"email\"");
    let text = "[vars.\"features.order_features\"]\nlookback_days = 10\nlookback = 10\n";
    shop.edit(
        CONFIG,
        "# lookback = 10\n",
        &format!("# lookback = 10\n\n{text}"),
    );
    fails(&shop, "config_vars_beside_a_comment", VALIDATE, 3);
}

#[test]
fn a_value_of_another_type_is_told_in_plain_words() {
    let shop = Shop::new();
    shop.edit(
        CONFIG,
        "base = \"none\"\n",
        "base = true\n\n[engine]\nspill_dir = 5\n\n[churn]\nhorizon_days = \"90\"\nrows_min = 1.5\n\
         l2 = \"much\"\n\n[identity]\nblocked_values = \"none\"\n",
    );
    fails(&shop, "config_words", VALIDATE, 3);
}

#[test]
fn after_a_faulty_source_its_table_is_not_missed() {
    let shop = Shop::new();
    shop.edit(SOURCES, "\"decimal(18,2)\"", "\"money\"");
    fails(&shop, "sources_type", VALIDATE, 3);
}

#[test]
fn a_rule_that_does_not_fit_its_source() {
    let shop = Shop::new();
    shop.edit(SOURCES, "quantity > 0", "quantty > 0");
    fails(&shop, "sources_rule", VALIDATE, 3);
}

#[test]
fn faults_of_several_files_are_told_together() {
    let shop = Shop::new();
    shop.edit(CONFIG, "[project]\n", "[project]\nowner = \"me\"\n");
    shop.edit(SIDECAR, "owner ", "onwer ");
    shop.edit(
        "shop/sql/staging/orders.sql",
        "from raw.orders",
        "fro raw.orders",
    );
    fails(&shop, "several_files", VALIDATE, 3);
    fails(
        &shop,
        "several_files_json",
        "validate --project shop --format json",
        3,
    );
}

#[test]
fn a_source_that_contradicts_itself() {
    let shop = Shop::new();
    shop.edit(
        SOURCES,
        "\"order_id\"]\nevent_time  = \"ordered_at\"",
        "\"id\"]\nevent_time  = \"orderd_at\"",
    );
    shop.edit(SOURCES, "\"decimal(18,2)\"", "\"money\"");
    shop.edit(SOURCES, "quantity > 0", "quantty > 0");
    fails(&shop, "sources_contradiction", VALIDATE, 3);
}

#[test]
fn a_sidecar_that_does_not_fit_its_query() {
    let shop = Shop::new();
    shop.edit(
        SIDECAR,
        "[\"customer\", \"as_of_date\"]",
        "[\"profile_id\", \"as_of_date\"]",
    );
    shop.edit(SIDECAR, "order_count = \"orders", "orders_count = \"orders");
    shop.edit(
        SIDECAR,
        "not_null = [\"customer\"]",
        "not_null = [\"custmer\"]\nexpressions = [\"order_cuont > 0\", \"order_count >\"]",
    );
    fails(&shop, "sidecar_columns", VALIDATE, 3);
}

#[test]
fn a_sidecar_with_unknown_words() {
    let shop = Shop::new();
    shop.edit(SIDECAR, "\"partition\"", "\"table\"");
    shop.edit(SIDECAR, "type = \"int\"", "type = \"number\"");
    shop.edit(SIDECAR, "[checks.fail]", "[checks.error]");
    fails(&shop, "sidecar_words", VALIDATE, 3);
}

#[test]
fn a_default_of_another_type() {
    let shop = Shop::new();
    shop.edit(SIDECAR, "default = 30", "default = \"thirty\"");
    fails(&shop, "sidecar_default", VALIDATE, 3);
}

#[test]
fn a_step_that_is_not_there() {
    let shop = Shop::new();
    shop.write(
        "shop/sql/features/magic.toml",
        "description = \"Magic.\"\nowner = \"shop\"\nmaterialization = \"partition\"\n\
         grain = [\"customer\"]\nstep = \"train_chrun\"\nreads = [\"staging.orders\"]\n",
    );
    fails(&shop, "sidecar_step", VALIDATE, 3);
}
