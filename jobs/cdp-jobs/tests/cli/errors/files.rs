//! Files that cannot be loaded.

use std::iter;

use super::{does, fails};
use crate::shop::Shop;

const HEADER: &str = "order_id,customer,amount,quantity,ordered_at,ingested_at\n";
const LOAD: &str = "load orders bad.csv --project shop";

fn shop_with(name: &str, content: impl AsRef<[u8]>) -> Shop {
    let shop = Shop::with_orders();
    shop.write(name, content);
    shop
}

#[test]
fn an_unknown_source() {
    let shop = Shop::with_orders();
    fails(
        &shop,
        "load_unknown_source",
        "load ordrs orders.csv --project shop",
        2,
    );
}

#[test]
fn files_that_are_not_there() {
    let shop = Shop::with_orders();
    fails(
        &shop,
        "load_no_file",
        "load orders orders-2026.csv --project shop",
        3,
    );
    fails(
        &shop,
        "load_no_match",
        "load orders orders-*.csv --project shop",
        3,
    );
    fails(&shop, "load_folder", "load orders shop --project shop", 3);
    fails(
        &shop,
        "load_bad_pattern",
        "load orders [a.csv --project shop",
        3,
    );
}

#[test]
fn a_file_of_no_known_kind() {
    let shop = shop_with("orders.xlsx", "PK");
    fails(
        &shop,
        "load_kind",
        "load orders orders.xlsx --project shop",
        3,
    );
}

#[test]
fn malformed_csv() {
    let shop = shop_with(
        "bad.csv",
        format!("{HEADER}o4,ann,1.00\no5,\"ann,1.00,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n"),
    );
    fails(&shop, "load_malformed_csv", LOAD, 3);
}

#[test]
fn wrong_types() {
    let shop = shop_with(
        "bad.csv",
        format!(
            "{HEADER}o4,ann,ten,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n\
             o5,ann,1.00,one,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n\
             o6,ann,1.00,1,yesterday,2026-01-03T12:05:00Z\n"
        ),
    );
    fails(&shop, "load_wrong_types", LOAD, 3);
}

#[test]
fn values_are_told_the_form_they_should_have() {
    let shop = shop_with(
        "bad.csv",
        format!(
            "{HEADER}o4,ann,\"1,50\",1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n\
             o5,ann,1.00,1.5,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n\
             o6,ann,1.00,1,24.08.2025 21:38,2026-01-03T12:05:00Z\n"
        ),
    );
    fails(&shop, "load_forms", LOAD, 3);
}

#[test]
fn an_amount_with_too_many_digits() {
    let row = |amount: &str| {
        format!("o-{amount},ann,{amount},1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n")
    };
    let shop = shop_with("bad.csv", format!("{HEADER}{}", row("10.999")));
    fails(&shop, "load_digits", LOAD, 3);
    let fine: String = ["10.990", "10", "-0.5"].map(row).concat();
    shop.write("fine.csv", format!("{HEADER}{fine}"));
    does(
        &shop,
        "load_digits_fine",
        "load orders fine.csv --project shop",
    );
}

#[test]
fn another_separator() {
    let shop = shop_with("bad.csv", HEADER.replace(',', ";"));
    fails(&shop, "load_semicolons", LOAD, 3);
    shop.write("bad.csv", HEADER.replace(',', "\t"));
    fails(&shop, "load_tabs", LOAD, 3);
}

#[test]
fn a_missing_column() {
    let shop = shop_with("bad.csv", "order_id,customer,amount\no4,ann,1.00\n");
    fails(&shop, "load_missing_columns", LOAD, 3);
}

#[test]
fn a_column_too_many() {
    let shop = shop_with(
        "more.csv",
        "order_id,customer,amount,quantity,ordered_at,ingested_at,colour\n\
         o4,ann,1.00,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z,red\n",
    );
    does(
        &shop,
        "load_more_columns",
        "load orders more.csv --project shop",
    );
}

#[test]
fn one_bad_file_among_good_ones_adds_nothing() {
    let shop = shop_with("bad.csv", "order_id,customer\no4,ann\n");
    shop.write(
        "good.csv",
        format!("{HEADER}o5,ann,1.00,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n"),
    );
    fails(
        &shop,
        "load_good_and_bad",
        "load orders good.csv bad.csv --project shop",
        3,
    );
}

#[test]
fn an_empty_file() {
    let shop = shop_with("bad.csv", "");
    fails(&shop, "load_empty_file", LOAD, 3);
}

#[test]
fn a_header_alone() {
    let shop = shop_with("header.csv", HEADER);
    does(
        &shop,
        "load_header_alone",
        "load orders header.csv --project shop",
    );
    shop.cdp("run --as-of 2026-01-04 --project shop").expect(0);
}

#[test]
fn bytes_that_are_no_text() {
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend_from_slice(b"o4,\xff\xfe,1.00,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n");
    let shop = shop_with("bad.csv", bytes);
    fails(&shop, "load_no_text", LOAD, 3);
}

#[test]
fn json_lines_that_are_none() {
    let shop = shop_with(
        "bad.jsonl",
        "{\"order_id\": \"o4\", \"customer\": \n[1, 2]\n",
    );
    fails(
        &shop,
        "load_no_json",
        "load orders bad.jsonl --project shop",
        3,
    );
}

#[test]
fn files_that_lie_about_their_kind() {
    let shop = shop_with("bad.csv.gz", "order_id\n");
    fails(
        &shop,
        "load_no_gzip",
        "load orders bad.csv.gz --project shop",
        3,
    );
    shop.write("bad.parquet", "order_id\n");
    fails(
        &shop,
        "load_no_parquet",
        "load orders bad.parquet --project shop",
        3,
    );
}

#[test]
fn a_few_bad_rows_are_set_aside() {
    let good = (10..60)
        .map(|number| format!("o{number},ann,1.00,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n"));
    let mut text: String = iter::once(HEADER.to_owned()).chain(good).collect();
    text.push_str("o98,bob,cheap,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z\n");
    let shop = shop_with("mixed.csv", text);
    does(
        &shop,
        "load_few_bad_rows",
        "load orders mixed.csv --project shop",
    );
    does(
        &shop,
        "load_few_bad_rows_quarantine",
        "sql --project shop --format json 'select * from ops.quarantine'",
    );
}
