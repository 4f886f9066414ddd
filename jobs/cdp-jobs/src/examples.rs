//! The examples under `--help`. Each can be typed as it stands, next to the demo.

pub(crate) const ALL: &str = "\
Start here:
  cdp-jobs demo                                  a project with sample data in ./cdp-demo
  cdp-jobs init my-cdp                           a project of your own in ./my-cdp
  cdp-jobs show --project cdp-demo               all sources and models

Exit codes: 0 done, 1 bug, 2 bad command line, 3 faulty configuration, SQL or input, 4 a check
failed, 5 lake unreachable or in conflict, 99 nothing to do, 130 interrupted";

pub(crate) const DEMO: &str = "\
Examples:
  cdp-jobs demo
  cdp-jobs demo small-demo --people 500 --seed 42";

pub(crate) const INIT: &str = "\
Example:
  cdp-jobs init my-cdp";

pub(crate) const LOAD: &str = "\
Examples (FILES may be patterns, which the program expands itself when they are quoted):
  cdp-jobs load --project cdp-demo orders cdp-demo/data/orders.csv
  cdp-jobs load --project cdp-demo web_events 'cdp-demo/data/web_*.jsonl' --format json";

pub(crate) const VALIDATE: &str = "\
Examples:
  cdp-jobs validate --project cdp-demo
  cdp-jobs validate --project cdp-demo --connect
  cdp-jobs validate --project cdp-demo --format json";

pub(crate) const PLAN: &str = "\
Examples:
  cdp-jobs plan --project cdp-demo --as-of 2026-01-02
  cdp-jobs plan --project cdp-demo --as-of 2026-01-02 --select +scores.churn_scores
  cdp-jobs plan --project cdp-demo --as-of 2026-01-02 --format json";

pub(crate) const RUN: &str = "\
Examples:
  cdp-jobs run --project cdp-demo --as-of 2026-01-02
  cdp-jobs run --project cdp-demo --as-of 2026-01-02 --select layer:segments
  cdp-jobs run --project cdp-demo --as-of 2026-01-02 --select profiles.traits+ --force";

pub(crate) const BACKFILL: &str = "\
Examples:
  cdp-jobs backfill --project cdp-demo --from 2025-12-29 --to 2025-12-31 --reason 'first week'
  cdp-jobs backfill --project cdp-demo --from 2025-10-01 --to 2025-12-01 --step-days 30 \\
      --select +features.churn_features --reason 'longer history'

A backfill that stopped goes on where it stopped when it is started again.";

pub(crate) const IDENTITY: &str = "\
Examples:
  cdp-jobs identity link --project cdp-demo user_id:u025438f5 user_id:u05cf574a \\
      --reason 'told on the phone' --dry-run
  cdp-jobs identity overrides --project cdp-demo
  cdp-jobs identity health --project cdp-demo

An identifier is `type:value`, its type one of those under `[identity.types]` in cdp.toml.
What is said is a row of raw.identity_overrides, which every run reads.";

pub(crate) const IDENTITY_LINK: &str = "\
Examples:
  cdp-jobs identity link --project cdp-demo user_id:u025438f5 user_id:u05cf574a \\
      --reason 'told on the phone' --dry-run
  cdp-jobs identity link --project cdp-demo 'email: Wanda.Arvenholt1@Inbox.Test' \\
      email:alma.marlund174@post.test --reason 'ticket 4711' --author ann --valid-from 2026-01-01";

pub(crate) const IDENTITY_UNLINK: &str = "\
Example:
  cdp-jobs identity unlink --project cdp-demo email:aisenvale345@studio.test \\
      email:ann.isenvale345@mail.test --reason 'mother and son' --valid-from 2026-01-01";

pub(crate) const IDENTITY_DETACH: &str = "\
Example:
  cdp-jobs identity detach --project cdp-demo email:ann.isenvale345@mail.test \\
      --reason 'her old employer has it now'";

pub(crate) const IDENTITY_BLOCK: &str = "\
Example:
  cdp-jobs identity block --project cdp-demo email:till@shop.test --reason 'typed at the till'";

pub(crate) const IDENTITY_REVOKE: &str = "\
Example:
  cdp-jobs identity revoke --project cdp-demo ov-20260101-7f3a9c --reason 'it was his sister'";

pub(crate) const IDENTITY_OVERRIDES: &str = "\
Examples:
  cdp-jobs identity overrides --project cdp-demo
  cdp-jobs identity overrides --project cdp-demo --format json";

pub(crate) const IDENTITY_VERIFY: &str = "\
Examples:
  cdp-jobs identity verify --project cdp-demo
  cdp-jobs identity verify --project cdp-demo --as-of 2026-01-01 --format json

Reads everything that the run of that date read, and resolves it against the map before.
Ends with 4 when an identifier differs.";

pub(crate) const IDENTITY_WEIGHTS: &str = "\
Examples:
  cdp-jobs identity weights --project cdp-demo
  cdp-jobs identity weights --project cdp-demo --as-of 2026-01-01 --format json";

pub(crate) const IDENTITY_MATCHES: &str = "\
Examples:
  cdp-jobs identity matches --project cdp-demo
  cdp-jobs identity matches --project cdp-demo --purpose review --limit 5
  cdp-jobs identity matches --project cdp-demo --purpose identity --all --format json

Who has looked at a pair says so with `identity link` or `identity unlink`.";

pub(crate) const IDENTITY_HEALTH: &str = "\
Examples:
  cdp-jobs identity health --project cdp-demo
  cdp-jobs identity health --project cdp-demo --as-of 2026-01-01 --strict --format json

The thresholds are the checks in sql/identity/health.toml: `warn` is told, `fail` also holds the
table identity.health back. Exit codes: 0 told, 4 a `fail` check broke and --strict was given";

pub(crate) const EXPLAIN: &str = "\
Examples:
  cdp-jobs explain link --project cdp-demo user_id:u025438f5 email:sara.nordvane267@inbox.test
  cdp-jobs explain profile --project cdp-demo user_id:u025438f5";

pub(crate) const EXPLAIN_LINK: &str = "\
Examples:
  cdp-jobs explain link --project cdp-demo user_id:u025438f5 user_id:u05cf574a
  cdp-jobs explain link --project cdp-demo 'email: Ann.Isenvale345@Mail.Test' \\
      email:aisenvale345@studio.test --as-of 2026-01-01 --format json";

pub(crate) const EXPLAIN_PROFILE: &str = "\
Examples:
  cdp-jobs explain profile --project cdp-demo user_id:u025438f5
  cdp-jobs explain profile --project cdp-demo email:ann.isenvale345@mail.test \\
      --as-of 2026-01-01 --format json";

pub(crate) const MODEL: &str = "\
Examples:
  cdp-jobs model list --project cdp-demo
  cdp-jobs model show --project cdp-demo
  cdp-jobs model compare --project cdp-demo
  cdp-jobs model horizon --project cdp-demo";

pub(crate) const MODEL_LIST: &str = "\
Examples:
  cdp-jobs model list --project cdp-demo
  cdp-jobs model list --project cdp-demo --format json";

pub(crate) const MODEL_SHOW: &str = "\
Examples:
  cdp-jobs model show --project cdp-demo
  cdp-jobs model show --project cdp-demo --as-of 2026-01-01 --features 5
  cdp-jobs model show --project cdp-demo m_ --format json";

pub(crate) const MODEL_COMPARE: &str = "\
Examples:
  cdp-jobs model compare --project cdp-demo
  cdp-jobs model compare --project cdp-demo m_ m_ --as-of 2026-01-01 --format json

A model that was trained after the cut-off knows how part of it ended; what its recipe learns from
what was known at the cut-off stands in for it.";

pub(crate) const MODEL_PROFIT: &str = "\
Examples:
  cdp-jobs model profit --project cdp-demo --offer-cost 5 --save-rate 0.1 --value 120
  cdp-jobs model profit --project cdp-demo m_ --offer-cost 2 --save-rate 0.2 --value 60 --format json

An offer pays from the probability offer cost / (save rate x value) on.
scores.retention_offers weighs each customer by what that one is worth.";

pub(crate) const MODEL_PROMOTE: &str = "\
Examples:
  cdp-jobs model promote --project cdp-demo m_ --reason 'agreed with marketing' --dry-run
  cdp-jobs model promote --project cdp-demo m_ --reason 'the feed is mended' --author ann --force

Exit codes: 0 done, 4 it is surely worse or a guard does not hold, 99 it is champion already.
A run for the date scores with it; until then the scores stay as they are.";

pub(crate) const MODEL_ROLLBACK: &str = "\
Example:
  cdp-jobs model rollback --project cdp-demo --reason 'trained on the broken feed' --dry-run

Going back twice brings back the one before that.";

pub(crate) const MODEL_CHECK_LEAKAGE: &str = "\
Examples:
  cdp-jobs model check-leakage --project cdp-demo
  cdp-jobs model check-leakage --project cdp-demo --as-of 2026-01-01 --format json

Exit codes: 0 nothing was found, 4 a feature has changed or tells the outcome too well.";

pub(crate) const MODEL_DATA: &str = "\
Examples:
  cdp-jobs model data --project cdp-demo
  cdp-jobs model data --project cdp-demo --as-of 2026-01-01 --format json";

pub(crate) const MODEL_HORIZON: &str = "\
Examples:
  cdp-jobs model horizon --project cdp-demo
  cdp-jobs model horizon --project cdp-demo --as-of 2026-01-01 --format json";

pub(crate) const REPORT: &str = "\
Examples:
  cdp-jobs report --project cdp-demo --out churn.html
  cdp-jobs report --project cdp-demo --out churn-2026-01-01.html --as-of 2026-01-01 --customers 20

The page is one file that needs no network. It holds profile ids and what is told of them, but no
e-mail address, phone number or name.";

pub(crate) const SHOW: &str = "\
Examples:
  cdp-jobs show --project cdp-demo
  cdp-jobs show --project cdp-demo features.order_features --as-of 2026-01-01
  cdp-jobs show --project cdp-demo raw.orders --format json";

pub(crate) const SQL: &str = "\
Examples:
  cdp-jobs sql --project cdp-demo
  cdp-jobs sql --project cdp-demo \"select count(*) from profiles.profiles\"
  cdp-jobs sql --project cdp-demo \"select * from scores.churn_scores\" --format csv --limit 10
  echo 'select count(*) from raw.orders' | cdp-jobs sql --project cdp-demo --as-of 2025-07-01";

pub(crate) const STATUS: &str = "\
Examples:
  cdp-jobs status --project cdp-demo
  cdp-jobs status --project cdp-demo --last 3 --format json";

pub(crate) const TEST: &str = "\
Examples:
  cdp-jobs test --project cdp-demo
  cdp-jobs test --project cdp-demo cdp-demo/tests/cases --update";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  cdp-jobs completions bash > ~/.local/share/bash-completion/completions/cdp-jobs
  cdp-jobs completions zsh > ~/.zfunc/_cdp-jobs";
