//! How records without a shared identifier are weighed, and which pairs of them are to be looked at.

use std::fmt::Write;

use cdp_runner::{LinkedPair, LinkedPairs, PairsAsked, Project, TrainedWeights};

use crate::cli::{MatchesArgs, WeightsArgs};
use crate::commands::Context;
use crate::exit_status::ExitStatus;
use crate::failure::Result;
use crate::output::{Table, count, counted, print_json, print_text};
use crate::project;

/// Shows trained weights.
pub(super) async fn weights(context: &Context, project: &Project, args: &WeightsArgs) -> Result {
    project::expect_lake(project, &context.settings)?;
    let found = project.linkage_weights(args.as_of).await?;
    if context.output.is_json() {
        print_json(&found)?;
        return Ok(ExitStatus::Done);
    }
    match &found {
        Some(weights) => print_text(&weights_text(weights))?,
        None => nothing(context, project, "no weights were trained yet"),
    }
    Ok(ExitStatus::Done)
}

/// Lists pairs.
pub(super) async fn matches(context: &Context, project: &Project, args: &MatchesArgs) -> Result {
    project::expect_lake(project, &context.settings)?;
    let asked = PairsAsked {
        as_of: args.as_of,
        purpose: args.purpose.as_deref(),
        all: args.all,
        limit: args.limit,
    };
    let found = project.linked_pairs(&asked).await?;
    if context.output.is_json() {
        print_json(&found)?;
        return Ok(ExitStatus::Done);
    }
    match &found {
        Some(pairs) if !pairs.pairs.is_empty() => {
            print_text(&pairs_text(pairs))?;
            let flag = context.settings.project_flag();
            context.output.say(format!(
                "hint: `cdp-jobs identity link{flag} A B --reason TEXT` makes two of them one \
                 person, `unlink` keeps them apart; `cdp-jobs sql{flag} --as-of {} \"select * from \
                 identity.records where record_identifier in ('A', 'B')\"` shows their records",
                pairs.as_of_date
            ));
        }
        Some(pairs) => context
            .output
            .say(format!("there is no such pair as of {}", pairs.as_of_date)),
        None => nothing(context, project, "no pairs were linked yet"),
    }
    Ok(ExitStatus::Done)
}

fn nothing(context: &Context, project: &Project, what: &str) {
    let why = if project.config().linkage.is_enabled() {
        "a run does it, given enough records (`linkage.training.records_min`)"
    } else {
        "`linkage.enabled` is false in cdp.toml"
    };
    context.output.say(format!("{what}: {why}"));
}

fn weights_text(weights: &TrainedWeights) -> String {
    let model = &weights.model;
    let mut text = format!(
        "weights {} of {}: learned from {} and {} that share a block\n",
        weights.model_id,
        weights.as_of_date,
        counted(weights.record_count, "record"),
        counted(weights.pair_count, "pair"),
    );
    let ended = if model.converged {
        ""
    } else {
        ", and nothing settled"
    };
    let rounds = counted(model.iterations as u64, "round");
    let _ = writeln!(
        text,
        "two records drawn at random are one with probability {:.3e} ({:+.2} bits), after {rounds}{ended}",
        model.prior,
        model.prior_weight()
    );
    if let Some(blocks) = &weights.blocks_left_out {
        let _ = writeln!(text, "blocks left out as too large: {blocks}");
    }
    let mut table = Table::new(&[2, 3, 4, 5]);
    table.row([
        "comparison",
        "level",
        "m",
        "u",
        "bits",
        "against household",
        "",
    ]);
    for comparison in &model.comparisons {
        let is_seen = |level: &cdp_linkage::LevelWeight| level.m_observed || level.u_observed;
        for level in comparison.levels.iter().filter(|level| is_seen(level)) {
            table.row([
                &comparison.name,
                &level.label,
                &format!("{:.5}", level.m),
                &format!("{:.7}", level.u),
                &format!("{:+.2}", level.weight),
                &format!("{:+.2}", level.household_weight),
                if level.m_observed { "" } else { "in no match" },
            ]);
        }
    }
    let _ = write!(text, "{table}");
    text += "m: how often it is so between two records of one person, u: between strangers; bits: \
             log2(m / u), which add up\n";
    text
}

fn pairs_text(found: &LinkedPairs) -> String {
    let mut text = format!("as of {}\n", found.as_of_date);
    for pair in &found.pairs {
        let _ = writeln!(
            text,
            "{} {}   {:.4}   {}{}",
            pair.left_identifier,
            pair.right_identifier,
            pair.match_probability,
            pair.purpose,
            if pair.is_accepted { ", evidence" } else { "" }
        );
        let _ = write!(text, "{}", evidence(pair));
    }
    if found.more {
        let shown = count(found.pairs.len() as u64);
        let _ = writeln!(text, "and more than these {shown}; `--limit` shows more");
    }
    text
}

fn evidence(pair: &LinkedPair) -> Table {
    let told = &pair.evidence;
    let mut table = Table::new(&[0]);
    let bits = |weight: f64| format!("{weight:+.2}");
    table.row([&bits(told.prior_weight), "beforehand"]);
    for one in &told.evidence {
        let what = format!("{}: {}", one.comparison, one.level);
        table.row([&bits(one.weight), &what]);
        if one.term_weight.abs() >= 0.005 {
            let what = format!("{}: how rare the value is", one.comparison);
            table.row([&bits(one.term_weight), &what]);
        }
    }
    if told.relatives_weight.abs() >= 0.005 {
        table.row([
            &bits(told.relatives_weight),
            "they may be of one household or place",
        ]);
    }
    let profile = |id: &Option<String>| id.clone().unwrap_or_else(|| "nobody".to_owned());
    let (left, right) = (
        profile(&pair.left_profile_id),
        profile(&pair.right_profile_id),
    );
    let profiles = if left == right {
        format!("in all; both are {left}")
    } else {
        format!("in all; {left} and {right}")
    };
    table.row([&bits(told.weight), &profiles]);
    table
}
