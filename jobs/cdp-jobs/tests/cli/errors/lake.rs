//! Lakes that are not there, half there, or at odds with the project.

use super::{does, fails};
use crate::shop::Shop;

const RUN: &str = "run --as-of 2026-01-04 --project shop --quiet";

#[test]
fn a_lake_that_is_not_there() {
    let shop = Shop::new();
    fails(
        &shop,
        "no_lake_sql",
        "sql --project shop 'select * from raw.orders'",
        5,
    );
    fails(&shop, "no_lake_status", "status --project shop", 5);
    fails(
        &shop,
        "no_lake_plan",
        "plan --as-of 2026-01-04 --project shop",
        5,
    );
    fails(&shop, "no_lake_run", RUN, 5);
    fails(
        &shop,
        "no_lake_connect",
        "validate --connect --project shop",
        5,
    );
    fails(
        &shop,
        "no_lake_flag",
        "status --project shop --lake elsewhere",
        5,
    );
    fails(
        &shop,
        "no_lake_backfill",
        "backfill --project shop --from 2026-01-02 --to 2026-01-04 --reason test",
        5,
    );
    assert!(!shop.dir().join("shop/lake").exists(), "a lake was made");
}

/// Whoever runs the tests may be allowed everything, so a path below a file stands for one
/// without permission.
#[test]
fn a_path_that_cannot_be_written() {
    let shop = Shop::with_orders();
    fails(
        &shop,
        "lake_below_a_file_load",
        "load orders orders.csv --project shop --lake orders.csv/lake",
        5,
    );
    fails(
        &shop,
        "lake_below_a_file_run",
        &format!("{RUN} --lake orders.csv/lake"),
        5,
    );
    fails(
        &shop,
        "lake_is_a_file_load",
        "load orders orders.csv --project shop --lake orders.csv",
        5,
    );
    fails(
        &shop,
        "lake_is_a_file_status",
        "status --project shop --lake orders.csv",
        5,
    );
}

/// A file stands where the table's folder must be made.
#[test]
fn a_table_that_cannot_be_written() {
    let shop = Shop::with_orders();
    shop.write("shop/lake/features", "in the way");
    fails(&shop, "table_in_the_way", RUN, 5);
}

#[test]
fn a_required_source_without_a_table() {
    let shop = Shop::new();
    shop.cdp("load visits visits.csv --project shop").expect(0);
    fails(&shop, "source_absent", RUN, 5);
    fails(
        &shop,
        "source_absent_connect",
        "validate --connect --project shop",
        3,
    );
    fails(
        &shop,
        "source_absent_sql",
        "sql --project shop 'select * from raw.orders'",
        5,
    );
}

#[test]
fn a_table_without_a_log() {
    let shop = Shop::with_orders();
    shop.edit(
        "shop/sql/staging/orders.sql",
        "from raw.orders",
        "from raw.orders where customer not in (select customer from raw.visits)",
    );
    shop.write("shop/lake/raw/visits/part-0.parquet", "PAR1");
    fails(&shop, "optional_without_log", RUN, 5);
    // The first load that is stopped leaves such a folder, and the next one makes the table.
    does(
        &shop,
        "optional_without_log_load",
        "load visits visits.csv --project shop",
    );
    shop.cdp(RUN).expect(0);

    let shop = Shop::new();
    shop.write("shop/lake/raw/orders/part-0.parquet", "PAR1");
    fails(&shop, "required_without_log", RUN, 5);
    fails(
        &shop,
        "required_without_log_sql",
        "sql --project shop 'select * from raw.orders'",
        5,
    );
    fails(
        &shop,
        "required_without_log_connect",
        "validate --connect --project shop",
        3,
    );
}

#[test]
fn a_log_of_garbage() {
    const COMMIT: &str = "shop/lake/raw/orders/_delta_log/00000000000000000000.json";
    let shop = Shop::with_orders();
    shop.write(COMMIT, "garbage\n");
    fails(&shop, "log_of_garbage", RUN, 5);
    fails(
        &shop,
        "log_of_garbage_sql",
        "sql --project shop 'select * from raw.orders'",
        5,
    );
    fails(
        &shop,
        "log_of_garbage_load",
        "load orders orders.csv --project shop",
        5,
    );
    shop.write(COMMIT, "");
    fails(&shop, "log_empty", RUN, 5);
}

#[test]
fn a_data_file_that_is_gone() {
    let shop = Shop::with_orders();
    let files = shop.lake();
    let data = files
        .keys()
        .find(|path| path.extension().is_some_and(|end| end == "parquet"));
    let data = data.expect("a data file").display().to_string();
    shop.remove(&format!("shop/lake/{data}"));
    // The name of the file is another one each time, so its words are not kept.
    let told = shop.cdp(RUN).expect(5);
    assert!(told.stderr.contains("raw/orders"), "{told}");
    assert!(told.stderr.contains("hint: "), "{told}");
}

#[test]
fn a_ledger_of_garbage() {
    let shop = Shop::with_orders();
    shop.write(
        "shop/lake/ops/runs/_delta_log/00000000000000000000.json",
        "garbage\n",
    );
    fails(&shop, "ledger_of_garbage_run", RUN, 5);
    fails(
        &shop,
        "ledger_of_garbage_status",
        "status --project shop",
        5,
    );
}

#[test]
fn a_date_before_the_first_event() {
    let shop = Shop::with_orders();
    fails(
        &shop,
        "before_the_first_event_run",
        "run --as-of 2025-06-01 --project shop",
        3,
    );
    fails(
        &shop,
        "before_the_first_event_plan",
        "plan --as-of 2025-06-01 --project shop",
        3,
    );
    fails(
        &shop,
        "before_the_first_event_backfill",
        "backfill --from 2025-06-01 --to 2025-06-02 --reason test --project shop",
        3,
    );
}

#[test]
fn a_table_of_other_columns() {
    let shop = Shop::with_orders();
    shop.edit(
        "shop/sql/sources.toml",
        "quantity    = \"int\"",
        "quantity    = \"bool\"",
    );
    shop.edit("shop/sql/sources.toml", "quantity > 0", "quantity");
    shop.edit(
        "shop/sql/sources.toml",
        "amount      = ",
        "discount    = \"int\"\namount      = ",
    );
    fails(
        &shop,
        "other_columns_connect",
        "validate --connect --project shop",
        3,
    );
    fails(&shop, "other_columns_run", RUN, 3);
    shop.write(
        "more.csv",
        "order_id,customer,discount,amount,quantity,ordered_at,ingested_at\n\
         o4,ann,1,10.00,true,2026-01-03T10:00:00Z,2026-01-03T10:05:00Z\n",
    );
    fails(
        &shop,
        "other_columns_load",
        "load orders more.csv --project shop",
        3,
    );
}

#[test]
fn a_model_that_changed_its_columns() {
    let shop = Shop::with_features();
    shop.edit(
        "shop/sql/features/order_features.sql",
        "count(*) as",
        "cast(count(*) as varchar) as",
    );
    fails(&shop, "model_changed_type", RUN, 3);
    let shop = Shop::with_features();
    shop.edit(
        "shop/sql/features/order_features.sql",
        "count(*) as order_count,",
        "count(*) as order_count,\n    1 as more,",
    );
    does(&shop, "model_more_columns", RUN);
}

#[test]
fn a_failing_check() {
    let shop = Shop::with_features();
    shop.edit(
        "shop/sql/features/order_features.toml",
        "not_null = [\"customer\"]",
        "not_null = [\"customer\"]\nexpressions = [\"order_count < 2\"]\nmin_rows = 3",
    );
    shop.write(
        "shop/sql/segments/regulars.sql",
        "select customer, as_of_date from features.order_features where as_of_date = $as_of_date\n",
    );
    shop.write(
        "shop/sql/segments/regulars.toml",
        "description = \"One row per customer.\"\nowner = \"shop\"\nmaterialization = \"partition\"\n\
         grain = [\"customer\", \"as_of_date\"]\n",
    );
    fails(&shop, "check_fails", RUN, 4);
    fails(
        &shop,
        "check_fails_json",
        &format!("{RUN} --format json"),
        4,
    );
    does(
        &shop,
        "check_fails_status",
        "status --project shop --last 1 --format json",
    );
}

#[test]
fn a_grain_that_is_not_unique() {
    let shop = Shop::with_features();
    shop.edit(
        "shop/sql/features/order_features.sql",
        "group by customer",
        "group by customer, order_id",
    );
    fails(&shop, "grain_not_unique", RUN, 4);
}

#[test]
fn a_check_that_warns() {
    let shop = Shop::with_features();
    shop.edit(
        "shop/sql/features/order_features.toml",
        "[checks.fail]",
        "[checks.warn]\nexpressions = [\"order_count < 2\"]\n\n[checks.fail]",
    );
    does(&shop, "check_warns", RUN);
}

#[test]
fn memory_that_does_not_suffice() {
    let shop = Shop::with_orders();
    shop.edit(
        "shop/cdp.toml",
        "base = \"none\"\n",
        "base = \"none\"\n\n[engine]\nmemory_limit = \"1KiB\"\n",
    );
    let before = shop.lake();
    // The words name what ran out of memory, which is not the same every time.
    let told = shop.cdp(RUN).expect(3);
    assert!(told.stderr.contains("features.order_features"), "{told}");
    assert!(
        told.stderr.contains("hint: raise `engine.memory_limit`"),
        "{told}"
    );
    assert!(before == shop.lake(), "the lake changed");
}
