//! Faults in SQL: in models, and in what an analyst types.

use super::{does, fails};
use crate::shop::Shop;

const STAGING: &str = "shop/sql/staging/orders.sql";
const FEATURES: &str = "shop/sql/features/order_features.sql";
const SIDECAR: &str = "shop/sql/features/order_features.toml";
const VALIDATE: &str = "validate --project shop";

fn features_with(from: &str, to: &str) -> Shop {
    let shop = Shop::new();
    shop.edit(FEATURES, from, to);
    shop
}

#[test]
fn an_unknown_column() {
    let shop = features_with("sum(amount)", "sum(amonut)");
    fails(&shop, "sql_unknown_column", VALIDATE, 3);
    fails(
        &shop,
        "sql_unknown_column_run",
        "run --as-of 2026-01-04 --project shop",
        3,
    );
}

#[test]
fn an_unknown_qualified_column() {
    let shop = features_with("sum(amount)", "sum(orders.amonut)");
    fails(&shop, "sql_unknown_qualified_column", VALIDATE, 3);
}

#[test]
fn a_query_that_cannot_be_read() {
    let shop = features_with("from staging.orders", "form staging.orders");
    fails(&shop, "sql_syntax", VALIDATE, 3);
}

#[test]
fn an_unknown_function() {
    let shop = features_with("sum(amount)", "summ(amount)");
    fails(&shop, "sql_unknown_function", VALIDATE, 3);
}

#[test]
fn types_that_do_not_fit() {
    let shop = features_with(
        "$as_of_date - $lookback_days",
        "$as_of_date - interval '1 day' * $lookback_days",
    );
    fails(&shop, "sql_types", VALIDATE, 3);
    let shop = features_with("sum(amount)", "sum(customer)");
    fails(&shop, "sql_types_sum", VALIDATE, 3);
}

#[test]
fn types_that_do_not_fit_are_found_among_calls() {
    let shop = features_with(
        "sum(amount) as order_amount",
        "sum(amount) as order_amount,\n    min(customer) as first_customer,\n    \
         sum(customer) as customers",
    );
    fails(&shop, "sql_types_second_sum", VALIDATE, 3);
}

#[test]
fn a_literal_that_is_no_date() {
    let shop = features_with("$as_of_date - $lookback_days", "cast('01.01.2026' as date)");
    shop.edit(
        SIDECAR,
        "[params]\nlookback_days = { type = \"int\", default = 30 }\n",
        "",
    );
    fails(&shop, "sql_literal", VALIDATE, 3);
}

#[test]
fn a_column_that_the_engine_does_not_place() {
    let shop = features_with(
        "count(*) as order_count",
        "count(order_id) as order_count,\n    max(array_length(make_array(customer, oder_id))) as n",
    );
    fails(&shop, "sql_column_in_a_list", VALIDATE, 3);
    let unnested = "with orders as (select * from staging.orders)\n\n\
                    select unnest(make_array(customer, coupon)) as coupon, order_id\nfrom orders\n";
    shop.write("shop/sql/staging/coupons.sql", unnested);
    shop.write(
        "shop/sql/staging/coupons.toml",
        "description = \"Coupons. One row per order_id.\"\nowner = \"shop\"\n\
         materialization = \"view\"\ngrain = [\"order_id\"]\n",
    );
    fails(&shop, "sql_column_unnested", VALIDATE, 3);
}

#[test]
fn an_identifier_type_that_nobody_declared() {
    let shop = Shop::new();
    shop.edit(
        STAGING,
        "    customer,\n",
        "    customer,\n    identifier('emial', customer) as email_identifier,\n    \
         identifier('mobile', customer) as mobile_identifier,\n    \
         identifier(customer, customer) as any_identifier,\n    \
         identifier('email', customer) as identifier,\n",
    );
    fails(&shop, "sql_identifier_type", VALIDATE, 3);
}

#[test]
fn a_column_that_a_sidecar_describes_and_the_query_lacks() {
    let shop = Shop::new();
    shop.edit(STAGING, "    amount,\n", "");
    shop.edit(
        "shop/sql/staging/orders.toml",
        "grain           = [\"order_id\"]\n",
        "grain           = [\"order_id\"]\n\n[columns]\namount = \"what was paid\"\n",
    );
    fails(&shop, "sql_lacks_a_described_column", VALIDATE, 3);
}

/// Whoever brings tables of their own rewrites staging, and leaves the rest as it came.
#[test]
fn a_column_that_the_built_in_queries_miss() {
    let shop = Shop::new();
    shop.cdp("init mine").expect(0);
    shop.edit(
        "mine/sql/staging/orders.sql",
        "    channel,\n    total_amount,\n    currency,\n    ordered_at,\n    order_type = ",
        "    total_amount,\n    currency,\n    ordered_at,\n    order_type = ",
    );
    let validate = "validate --project mine";
    fails(&shop, "own_staging_lacks_a_described_column", validate, 3);
    shop.write(
        "mine/sql/staging/orders.toml",
        "description = \"Orders. One row per order_id.\"\nowner = \"shop\"\n\
         materialization = \"scratch\"\ngrain = [\"order_id\"]\n",
    );
    shop.edit(
        "mine/sql/staging/orders.sql",
        "    currency,\n    ordered_at,\n    order_type = ",
        "    ordered_at,\n    order_type = ",
    );
    shop.edit(
        "mine/sql/staging/orders.sql",
        "    user_id_identifier,\n    email_identifier,\n    phone_identifier,\n    coalesce",
        "    email_identifier,\n    phone_identifier,\n    coalesce",
    );
    fails(&shop, "own_staging_lacks_columns", validate, 3);
}

/// What a project is and holds is looked up when something is at fault.
#[test]
fn a_project_at_fault_can_be_looked_at() {
    let shop = Shop::with_features();
    shop.edit(STAGING, "from raw.orders", "fro raw.orders");
    does(&shop, "at_fault_show", "show --project shop staging.orders");
    does(
        &shop,
        "at_fault_sql",
        "sql --project shop 'select customer from features.order_features order by customer'",
    );
    let told = shop.cdp("status --project shop").expect(0);
    assert!(told.stderr.contains("the project is at fault"), "{told}");
    shop.edit(STAGING, "fro raw.orders", "from raw.orders");
    shop.edit(FEATURES, "sum(amount)", "sum(amonut)");
    does(
        &shop,
        "at_fault_show_columns",
        "show --project shop --as-of 2026-01-04 features.order_features",
    );
}

#[test]
fn a_column_that_is_not_grouped() {
    let shop = features_with("group by customer", "group by order_id");
    fails(&shop, "sql_group_by", VALIDATE, 3);
}

#[test]
fn an_unknown_table() {
    let shop = features_with("from staging.orders", "from staging.order");
    fails(&shop, "sql_unknown_table", VALIDATE, 3);
    let shop = features_with("from staging.orders", "from orders");
    fails(&shop, "sql_bare_table", VALIDATE, 3);
    let shop = features_with("from staging.orders", "from stagin.orders");
    fails(&shop, "sql_unknown_layer", VALIDATE, 3);
}

#[test]
fn a_cycle() {
    let shop = Shop::new();
    let sidecar = |columns: &str| {
        format!(
            "description = \"One row per customer.\"\nowner = \"shop\"\nmaterialization = \"partition\"\n\
             grain = [{columns}]\n"
        )
    };
    for (name, reads) in [
        ("a", "features.b"),
        ("b", "features.c"),
        ("c", "features.a"),
    ] {
        shop.write(
            &format!("shop/sql/features/{name}.sql"),
            format!("select customer, as_of_date from {reads}\n"),
        );
        shop.write(
            &format!("shop/sql/features/{name}.toml"),
            sidecar("\"customer\", \"as_of_date\""),
        );
    }
    fails(&shop, "sql_cycle", VALIDATE, 3);
}

#[test]
fn a_layer_breach() {
    let shop = features_with("from staging.orders", "from raw.orders");
    fails(&shop, "sql_reads_raw", VALIDATE, 3);
    let shop = Shop::new();
    shop.edit(STAGING, "from raw.orders", "from features.order_features");
    fails(&shop, "sql_reads_later_layer", VALIDATE, 3);
}

#[test]
fn parameters_and_their_declarations() {
    let shop = features_with("$lookback_days", "$look_back_days");
    fails(&shop, "sql_parameter_undeclared_and_unused", VALIDATE, 3);
    let shop = features_with("$as_of_date - $lookback_days", "$as_of_date - 30");
    fails(&shop, "sql_parameter_unused", VALIDATE, 3);
}

#[test]
fn a_parameter_that_the_run_supplies_cannot_be_declared() {
    let shop = Shop::new();
    shop.edit(
        SIDECAR,
        "[params]\n",
        "[params]\nas_of_date = { type = \"date\", default = \"2026-01-01\" }\n",
    );
    fails(&shop, "sql_parameter_reserved", VALIDATE, 3);
}

#[test]
fn half_a_model() {
    let shop = Shop::new();
    shop.remove(SIDECAR);
    fails(&shop, "sql_without_sidecar", VALIDATE, 3);
    let shop = Shop::new();
    shop.remove(FEATURES);
    fails(&shop, "sidecar_without_sql", VALIDATE, 3);
}

#[test]
fn more_or_less_than_one_select() {
    let shop = Shop::new();
    shop.write(FEATURES, "drop table staging.orders\n");
    fails(&shop, "sql_ddl", VALIDATE, 3);
    shop.write(FEATURES, "select 1 as a; select 2 as b\n");
    fails(&shop, "sql_two_statements", VALIDATE, 3);
    shop.write(FEATURES, "-- nothing yet\n");
    fails(&shop, "sql_empty", VALIDATE, 3);
}

#[test]
fn a_partition_without_its_date() {
    let shop = features_with(",\n    $as_of_date as as_of_date", "");
    shop.edit(SIDECAR, "[\"customer\", \"as_of_date\"]", "[\"customer\"]");
    fails(&shop, "sql_no_date", VALIDATE, 3);
}

#[test]
fn two_columns_of_one_name() {
    let shop = features_with("count(*) as order_count", "count(*) as customer");
    fails(&shop, "sql_two_columns", VALIDATE, 3);
}

#[test]
fn a_file_in_no_layer() {
    let shop = Shop::new();
    shop.write("shop/sql/feature/more.sql", "select 1 as a\n");
    shop.write("shop/sql/features/Order Features.sql", "select 1 as a\n");
    fails(&shop, "sql_in_no_layer", VALIDATE, 3);
}

#[test]
fn what_an_analyst_mistypes() {
    let shop = Shop::with_features();
    let sql = |query: &str| format!("sql --project shop '{query}'");
    let cases = [
        ("ask_unknown_table", "select * from features.order_feature"),
        ("ask_unknown_layer", "select * from feature.order_features"),
        ("ask_bare_table", "select * from orders"),
        (
            "ask_unknown_column",
            "select customr from features.order_features",
        ),
        ("ask_syntax", "select * form features.order_features"),
        ("ask_not_closed", "select count(* from raw.orders"),
        ("ask_nothing", ""),
        ("ask_two", "select 1; select 2"),
        ("ask_drop", "drop table features.order_features"),
        (
            "ask_insert",
            "insert into features.order_features values (1)",
        ),
        ("ask_copy", "copy features.order_features to \"out.csv\""),
        ("ask_set", "set datafusion.execution.batch_size = 1"),
        (
            "ask_parameter",
            "select * from raw.orders where order_id = $id",
        ),
        (
            "ask_cast",
            "select cast(customer as int) from features.order_features",
        ),
        ("ask_division", "select 1 / 0"),
        ("ask_file", "select * from \"orders.csv\""),
    ];
    for (name, query) in cases {
        fails(&shop, name, &sql(query), 3);
    }
    does(
        &shop,
        "ask_well",
        &sql("select * from features.order_features order by customer"),
    );
}
