//! A project of two models, small enough to break in every way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{Told, cdp, words};
use crate::world::temp_dir;

const FILES: [(&str, &str); 8] = [
    (
        "shop/cdp.toml",
        r#"[project]
name = "shop"
base = "none"
"#,
    ),
    (
        "shop/sql/sources.toml",
        r#"[sources.orders]
description = "Orders, one row per order_id."
key         = ["order_id"]
event_time  = "ordered_at"
ingest_time = "ingested_at"
required    = ["order_id", "ordered_at"]

[sources.orders.columns]
order_id    = "string"
customer    = "string"
amount      = "decimal(18,2)"
quantity    = "int"
ordered_at  = "timestamp"
ingested_at = "timestamp"

[sources.orders.rules]
positive_quantity = "quantity > 0"

[sources.visits]
description = "Visits, one row per visit_id."
key         = ["visit_id"]
event_time  = "visited_at"
optional    = true

[sources.visits.columns]
visit_id   = "string"
customer   = "string"
visited_at = "timestamp"
"#,
    ),
    (
        "shop/sql/staging/orders.sql",
        r"select
    order_id,
    customer,
    amount,
    ordered_at
from raw.orders
",
    ),
    (
        "shop/sql/staging/orders.toml",
        r#"description     = "Orders. One row per order_id."
owner           = "shop"
materialization = "view"
grain           = ["order_id"]
"#,
    ),
    (
        "shop/sql/features/order_features.sql",
        r"select
    customer,
    count(*) as order_count,
    sum(amount) as order_amount,
    $as_of_date as as_of_date
from staging.orders
where cast(ordered_at as date) >= $as_of_date - $lookback_days
group by customer
",
    ),
    (
        "shop/sql/features/order_features.toml",
        r#"description     = "Orders of a customer. One row per customer and as_of_date."
owner           = "shop"
materialization = "partition"
grain           = ["customer", "as_of_date"]

[params]
lookback_days = { type = "int", default = 30 }

[columns]
order_count = "orders in the window"

[checks.fail]
not_null = ["customer"]
"#,
    ),
    (
        "orders.csv",
        "order_id,customer,amount,quantity,ordered_at,ingested_at
o1,ann,10.00,1,2026-01-01T10:00:00Z,2026-01-01T10:05:00Z
o2,bob,20.50,2,2026-01-02T11:00:00Z,2026-01-02T11:05:00Z
o3,ann,5.25,1,2026-01-03T12:00:00Z,2026-01-03T12:05:00Z
",
    ),
    (
        "visits.csv",
        "visit_id,customer,visited_at
v1,ann,2026-01-01T09:00:00Z
",
    ),
];

/// A file by its path below the lake: its bytes.
pub(crate) type Listing = BTreeMap<PathBuf, Vec<u8>>;

/// The project `shop` and files to load, in a folder of its own.
#[derive(Debug)]
pub(crate) struct Shop {
    dir: TempDir,
}

impl Shop {
    /// Without a lake.
    pub(crate) fn new() -> Self {
        let shop = Self { dir: temp_dir() };
        for (path, text) in FILES {
            shop.write(path, text);
        }
        shop
    }

    /// With three orders in its lake.
    pub(crate) fn with_orders() -> Self {
        let shop = Self::new();
        shop.cdp("load orders orders.csv --project shop").expect(0);
        shop
    }

    /// With three orders, and the features of a date.
    pub(crate) fn with_features() -> Self {
        let shop = Self::with_orders();
        shop.cdp("run --as-of 2026-01-04 --project shop").expect(0);
        shop
    }

    /// The folder that the project's folder lies in, where commands are typed.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file; the path is below the folder where commands are typed.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.dir().join(path);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::write(path, content).expect("a file can be written");
    }

    /// Takes a file away.
    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.dir().join(path)).expect("a file that is there");
    }

    /// Replaces words of a file.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.dir().join(path)).expect("a file of the shop");
        assert!(text.contains(from), "`{from}` is not in {path}");
        self.write(path, text.replacen(from, to, 1));
    }

    /// Types a command.
    pub(crate) fn cdp(&self, line: &str) -> Told {
        cdp(self.dir(), &words(line))
    }

    /// What lies in the lake. The ledger is left out: that a run failed is told there too.
    pub(crate) fn lake(&self) -> Listing {
        let mut listing = Listing::new();
        let lake = self.dir().join("shop/lake");
        if lake.is_dir() {
            list(&lake, &lake, &mut listing);
        }
        listing.retain(|path, _| !path.starts_with("ops/runs"));
        listing
    }
}

fn list(root: &Path, dir: &Path, listing: &mut Listing) {
    for entry in fs::read_dir(dir).expect("a folder of the lake") {
        let path = entry.expect("an entry of the lake").path();
        if path.is_dir() {
            list(root, &path, listing);
        } else {
            let below = path.strip_prefix(root).expect("it lies below the lake");
            let bytes = fs::read(&path).expect("a file of the lake");
            listing.insert(below.to_owned(), bytes);
        }
    }
}
