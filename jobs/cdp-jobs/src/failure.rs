//! Why a command did not do what was asked, and how that is said.

use std::error::Error;
use std::fmt::{self, Write};
use std::io;
use std::path::Path;

use cdp_lake::LakeError;
use cdp_plan::{Fault, Faults};
use cdp_runner::{AskError, ProjectError};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use crate::exit_status::ExitStatus;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Files that a person wrote are at fault.
    Faults(Faults),
    /// The command line is.
    Usage(Faults),
    /// The lake is, or a query.
    Lake(LakeError),
    /// A local file or folder is.
    Files {
        /// What could not be done, with its path.
        message: String,
        /// What can be done about it.
        hint: Option<&'static str>,
    },
    /// Whoever read the output went away.
    ClosedPipe,
    /// Everything was said already; only the exit code is left.
    Told(ExitStatus),
}

/// What a command comes to.
pub(crate) type Result<T = ExitStatus> = std::result::Result<T, Failure>;

impl Failure {
    /// A command line that asks for something that is not there.
    pub(crate) fn usage(fault: Fault) -> Self {
        Self::Usage(fault.into())
    }

    /// A file or folder that can't be read or written.
    pub(crate) fn file(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::Files {
            message: format!("cannot {doing} `{}`: {error}", path.display()),
            hint: match error.kind() {
                io::ErrorKind::PermissionDenied => Some("may this user write there?"),
                io::ErrorKind::StorageFull => Some("make room on the disk"),
                _ => None,
            },
        }
    }

    /// The exit code.
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::Faults(_) => ExitStatus::Faulty,
            Self::Usage(_) => ExitStatus::Usage,
            Self::Lake(error) => error.kind().into(),
            Self::Files { .. } => ExitStatus::Unreachable,
            Self::ClosedPipe => ExitStatus::Done,
            Self::Told(status) => *status,
        }
    }

    /// The message for people, ending with a line break; empty when there is nothing to say.
    pub(crate) fn message(&self, colours: bool) -> String {
        match self {
            Self::Faults(faults) => {
                let each: Vec<String> = faults.iter().map(|fault| told(fault, colours)).collect();
                match each.as_slice() {
                    [one] => one.clone(),
                    many => format!("{}\n{faults}\n", many.join("\n")),
                }
            }
            Self::Usage(faults) => {
                let each: Vec<String> = faults.iter().map(|fault| told(fault, colours)).collect();
                each.join("\n")
            }
            Self::Lake(error) => told_lake(error, colours),
            Self::Files { message, hint } => lines(message, *hint, colours),
            Self::ClosedPipe | Self::Told(_) => String::new(),
        }
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Faults(faults)
    }
}

impl From<LakeError> for Failure {
    fn from(error: LakeError) -> Self {
        Self::Lake(error)
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Faults(faults) => Self::Faults(faults),
            ProjectError::Lake(error) => Self::Lake(error),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Asked(fault) => Self::usage(*fault),
            AskError::Project(error) => error.into(),
        }
    }
}

/// Writing to standard output is the only input or output that is not given a path.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Files {
            message: format!("cannot write the output: {error}"),
            hint: None,
        }
    }
}

/// `error: …` and `hint: …`.
pub(crate) fn lines(message: &str, hint: Option<&str>, colours: bool) -> String {
    let mut text = format!("{}{message}\n", lead("error:", "31;1", colours));
    if let Some(hint) = hint {
        text.push_str(&hint_line(hint, colours));
    }
    text
}

/// An error of the lake, with those causes that say more than it does itself.
pub(crate) fn told_lake(error: &LakeError, colours: bool) -> String {
    let mut text = lines(&error.to_string(), None, colours);
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // A cause often says the same, only with another word before it.
        let told = |part: &str| text.contains(part.trim());
        if !told(&message) && !message.split_once(": ").is_some_and(|(_, rest)| told(rest)) {
            let _ = writeln!(text, "  because {}", message.trim());
        }
        cause = error.source();
    }
    if let Some(hint) = error.hint_text() {
        text.push_str(&hint_line(hint, colours));
    }
    text
}

fn hint_line(hint: &str, colours: bool) -> String {
    format!("{}{hint}\n", lead("hint:", "36", colours))
}

fn lead(word: &str, style: &str, colours: bool) -> String {
    if colours {
        format!("\u{1b}[{style}m{word}\u{1b}[0m ")
    } else {
        format!("{word} ")
    }
}

/// A fault with the line it is at.
fn told(fault: &Fault, colours: bool) -> String {
    let mut theme = if colours {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    "error:".clone_into(&mut theme.characters.error);
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(120)
        .with_wrap_lines(false)
        .without_cause_chain();
    let mut rendered = String::new();
    if handler
        .render_report(&mut rendered, &Marked(fault))
        .is_err()
    {
        return lines(fault.message(), fault.hint_text(), colours);
    }
    let mut text = rendered.trim_start().to_owned();
    if let Some(place) = fault.place().filter(|place| place.line.is_none()) {
        let _ = writeln!(text, "   ╭─[{}]", place.file);
    }
    if let Some(hint) = fault.hint_text() {
        text.push_str(&hint_line(hint, colours));
    }
    text
}

/// A fault without its hint, which is told in this program's own words.
#[derive(Debug)]
struct Marked<'a>(&'a Fault);

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Marked<'_> {}

impl Diagnostic for Marked<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.0.labels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_lake::ErrorKind;
    use cdp_plan::SourceFile;

    #[test]
    fn a_fault_is_told_with_its_line_and_hint() {
        let file = SourceFile::new("cdp.toml", "[churn]\nhorizont_days = 30\n");
        let fault = Fault::new("unknown key `horizont_days`")
            .hint("did you mean `horizon_days`?")
            .at(&file, 8..21)
            .label("not a key of this table");
        let text = Failure::from(Faults::from(fault)).message(false);
        assert!(
            text.starts_with("error: unknown key `horizont_days`\n"),
            "{text}"
        );
        assert!(text.contains("[cdp.toml:2:1]"), "{text}");
        assert!(
            text.contains("\nhint: did you mean `horizon_days`?\n"),
            "{text}"
        );
    }

    #[test]
    fn several_faults_are_counted() {
        let faults = vec![Fault::new("one"), Fault::new("another")];
        let text = Failure::from(Faults::check(faults).unwrap_err()).message(false);
        assert_eq!(
            text,
            "error: another\n\nerror: one\n\n2 faults found, nothing was run\n"
        );
    }

    #[test]
    fn an_error_of_the_lake_is_told_with_its_hint() {
        let error = LakeError::new(ErrorKind::NotFound, "there is no table `raw.orders`")
            .with("location", "lake/raw/orders")
            .hint("load it");
        let failure = Failure::from(error);
        assert_eq!(
            failure.message(false),
            "error: there is no table `raw.orders`, location: lake/raw/orders\nhint: load it\n"
        );
        assert_eq!(failure.status(), ExitStatus::Unreachable);
    }
}
