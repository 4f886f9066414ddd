//! What a demo made, in figures that a newcomer understands.

use std::fmt::Write;
use std::path::Path;

use cdp_churn::{EvaluationResult, Grade};
use cdp_plan::{AsOfDate, Layer, Model};
use cdp_runner::Project;
use serde::Serialize;

use crate::failure::Result;
use crate::host;
use crate::output::{Table, count};
use crate::rows;

/// What a demo made.
#[derive(Debug, Serialize)]
pub(super) struct DemoSummary {
    project: String,
    as_of_date: AsOfDate,
    people: u32,
    identifiers: u64,
    profiles: u64,
    profiles_with_account: u64,
    evaluation: Option<EvaluationResult>,
    risk_bands: Vec<Counted>,
    segments: Vec<Counted>,
    next_actions: Vec<Counted>,
    tables: Vec<Counted>,
}

/// How many there are of something.
#[derive(Debug, Serialize)]
struct Counted {
    name: String,
    rows: u64,
}

/// Asks the lake.
pub(super) async fn read(
    project: &Project,
    dir: &Path,
    people: u32,
    as_of: AsOfDate,
) -> Result<DemoSummary> {
    let ask = Ask { project };
    let on = format!("as_of_date = date '{as_of}'");
    let identities = ask
        .counted(&format!(
            "select 'identifiers', count(*) from identity.profile_map where {on} union all \
             select 'profiles', count(*) from profiles.profile_snapshots where {on} union all \
             select 'accounts', count(*) from profiles.profile_snapshots \
             where {on} and has_account"
        ))
        .await?;
    let of = |name: &str| {
        let found = identities.iter().find(|counted| counted.name == name);
        found.map_or(0, |counted| counted.rows)
    };
    Ok(DemoSummary {
        project: dir.display().to_string(),
        as_of_date: as_of,
        people,
        identifiers: of("identifiers"),
        profiles: of("profiles"),
        profiles_with_account: of("accounts"),
        evaluation: ask.evaluation().await?,
        risk_bands: ask
            .counted(&format!(
                "select coalesce(risk_band, 'not scored'), count(*) from scores.churn_scores \
                 where {on} group by risk_band order by avg(churn_probability) desc nulls last"
            ))
            .await?,
        segments: ask
            .counted(&format!(
                "select segment, count(*) from segments.segment_members where {on} \
                 group by segment order by 2 desc, 1"
            ))
            .await?,
        next_actions: ask
            .counted(
                "select campaign || case when is_holdout then ', left alone to measure by' \
                 else ' by ' || channel end, count(*) from activations.next_actions \
                 group by 1 order by 1",
            )
            .await?,
        tables: ask.counted(&tables_query(project, as_of)).await?,
    })
}

/// Counts the rows of every table: all that are raw, and of ours those of the date.
fn tables_query(project: &Project, as_of: AsOfDate) -> String {
    let manifest = project.manifest();
    let raw = manifest
        .sources()
        .map(|source| (&source.name, String::new()));
    let stored = manifest
        .models()
        .filter(|model| model.materialization.is_stored());
    let made = stored.map(|model| (&model.name, of_date(model, as_of)));
    let counts = raw
        .chain(made)
        .enumerate()
        .map(|(place, (name, condition))| {
            format!(
                "select {place} as place, '{name}' as name, count(*) as n from {name}{condition}"
            )
        });
    let counts: Vec<String> = counts.collect();
    format!(
        "select name, n from ({}) order by place",
        counts.join(" union all ")
    )
}

fn of_date(model: &Model, as_of: AsOfDate) -> String {
    if model.materialization.is_dated() {
        format!(" where as_of_date = date '{as_of}'")
    } else {
        String::new()
    }
}

struct Ask<'a> {
    project: &'a Project,
}

impl Ask<'_> {
    async fn rows(&self, query: &str) -> Result<Vec<Vec<String>>> {
        let answer = self.project.query(query, None, None).await?;
        rows::cells(&answer.batches)
    }

    async fn counted(&self, query: &str) -> Result<Vec<Counted>> {
        let rows = self.rows(query).await?;
        let counted = rows.into_iter().map(|mut cells| Counted {
            rows: cells.pop().and_then(|cell| cell.parse().ok()).unwrap_or(0),
            name: cells.pop().unwrap_or_default(),
        });
        Ok(counted.collect())
    }

    async fn evaluation(&self) -> Result<Option<EvaluationResult>> {
        let query = "select evaluation from scores.churn_model order by as_of_date desc limit 1";
        let rows = self.rows(query).await?;
        let text = rows.first().and_then(|cells| cells.first());
        Ok(text.and_then(|text| serde_json::from_str(text).ok()))
    }
}

/// The summary for people.
pub(super) fn text(summary: &DemoSummary) -> String {
    let dir = &summary.project;
    let mut text = format!(
        "\n{dir} holds a made-up shop with {} people, as it was known on {}\n",
        count(summary.people.into()),
        summary.as_of_date
    );
    let (raw, made): (Vec<&Counted>, Vec<&Counted>) = summary
        .tables
        .iter()
        .partition(|table| table.name.starts_with(Layer::Raw.name()));
    let _ = write!(text, "\nwhat went in (rows)\n{}", counts(&raw));
    let _ = write!(
        text,
        "\nwhat came out (rows for this date)\n{}",
        counts(&made)
    );
    let _ = write!(text, "\nwho is who\n  {}\n", identities(summary));
    let _ = write!(text, "\nwho will stop buying\n{}", churn(summary));
    let segments: Vec<&Counted> = summary.segments.iter().collect();
    let _ = write!(text, "\nsegments (members)\n{}", counts(&segments));
    let actions: Vec<&Counted> = summary.next_actions.iter().collect();
    let _ = write!(text, "\nwhat to do next (people)\n{}", counts(&actions));
    text.push_str(&places(dir));
    text.push_str(&commands(dir, summary.as_of_date));
    text
}

fn counts(items: &[&Counted]) -> String {
    if items.is_empty() {
        return "  none\n".to_owned();
    }
    let mut table = Table::new(&[1]);
    for item in items {
        table.row([&item.name, &count(item.rows)]);
    }
    table.to_string()
}

fn identities(summary: &DemoSummary) -> String {
    format!(
        "{} identifiers (cookies, devices, addresses, accounts) belong to {} profiles:\n  \
         {} with an account, the others known by a cookie, a device or an address only",
        count(summary.identifiers),
        count(summary.profiles),
        count(summary.profiles_with_account),
    )
}

fn churn(summary: &DemoSummary) -> String {
    let mut text = match &summary.evaluation {
        Some(EvaluationResult::Measured(measured)) => {
            let auc = measured.model.roc_auc.unwrap_or(f64::NAN);
            let date = AsOfDate::from_epoch_day(measured.test_cutoff_day);
            let date = date.map_or_else(String::new, |date| format!(" at {date}"));
            format!(
                "  tried on customers{date} that it had not seen: AUC {auc:.3} (0.5 is chance, this is {}),\n  \
                 log loss {:.3} where the base rate has {:.3} and the best rule of thumb {:.3}\n",
                measured.model.grade().map_or("not graded", Grade::as_str),
                measured.model.log_loss,
                measured.base_rate.log_loss,
                measured.hiatus.metrics.log_loss,
            )
        }
        Some(EvaluationResult::NotMeasured { reason }) => format!("  not measured: {reason}\n"),
        None => "  there is no model\n".to_owned(),
    };
    let mut bands = Table::new(&[1]);
    for band in &summary.risk_bands {
        let name = match band.name.as_str() {
            "not scored" => "not scored".to_owned(),
            name => format!("{name} risk"),
        };
        bands.row([&name, &count(band.rows)]);
    }
    let _ = write!(text, "{bands}");
    text
}

fn places(dir: &str) -> String {
    let mut table = Table::new(&[]);
    table.row([
        &format!("{dir}/lake"),
        "the tables, in Delta: any engine reads them",
    ]);
    table.row([
        &format!("{dir}/sql"),
        "the models: change one, and run again",
    ]);
    table.row([&format!("{dir}/cdp.toml"), "the settings, each explained"]);
    table.row([
        &format!("{dir}/data"),
        "the shop's files, as they were loaded",
    ]);
    table.row([
        &format!("{dir}/truth"),
        "who is who really, and who will stop buying",
    ]);
    format!("\nwhere it lies\n{table}")
}

fn commands(dir: &str, as_of: AsOfDate) -> String {
    let program = host::program();
    let next = as_of.next();
    format!(
        "\nwhat to type next\n  \
         {program} sql --project {dir} \"select * from scores.churn_scores order by churn_probability desc limit 10\"\n  \
         {program} sql --project {dir}\n  \
         {program} show --project {dir} features.order_features\n  \
         {program} report --project {dir} --out {dir}/churn.html\n  \
         {program} run --project {dir} --as-of {next}\n  \
         {program} status --project {dir}\n"
    )
}
