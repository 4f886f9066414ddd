//! "Did you mean".

/// More names than this are no help in a hint.
const NAMED_MAX: usize = 15;

/// The known name nearest to what was written, if one is near enough to suggest.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= 1 + written.len().min(name.len()) / 4)
        .min()
        .map(|(_, name)| name)
}

/// A hint naming the nearest known name, or all of them when none is near.
pub fn hint<'a>(written: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(name) = nearest(written, known.clone()) {
        return format!("did you mean `{name}`?");
    }
    let mut names: Vec<&str> = known.into_iter().collect();
    names.sort_unstable();
    match names.len() {
        0 => "there are none yet".to_owned(),
        1..=NAMED_MAX => format!("known: {}", names.join(", ")),
        more => format!("none of the {more} known names is near; `cdp-jobs show` lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["horizon_days", "gap_days"];
        assert_eq!(nearest("horizont_days", known), Some("horizon_days"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(hint("colour", known), "known: gap_days, horizon_days");
    }
}
