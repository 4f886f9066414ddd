//! What the engine says, in the words of this program.

use arrow::error::ArrowError;
use cdp_plan::nearest_hint;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;

/// A message with a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Words {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

/// The engine's error in plain words; `None` when there are no better ones than its own.
pub(crate) fn of(error: &DataFusionError) -> Option<Words> {
    match error.find_root() {
        DataFusionError::SchemaError(error, _) => match error.as_ref() {
            SchemaError::FieldNotFound {
                field,
                valid_fields,
            } => Some(no_column(field, valid_fields)),
            SchemaError::AmbiguousReference { field } => Some(Words::new(
                format!("`{}` may mean more than one column here", field.name()),
                "write the table before it, as in `orders.order_id`, or give the result another name",
            )),
            _ => None,
        },
        DataFusionError::ArrowError(error, _) => of_arrow(error),
        DataFusionError::Plan(text) if text.starts_with("No SQL statements") => {
            Some(Words::new("there is no query", "write one `select`"))
        }
        DataFusionError::Plan(text) => of_signature(text),
        DataFusionError::Execution(text) => {
            let parameter = text.strip_prefix("Placeholder '")?.split('\'').next()?;
            Some(Words::new(
                format!("`{parameter}` has no value here"),
                "only the queries of models have parameters; write the value itself",
            ))
        }
        _ => None,
    }
}

/// What the engine says, without its names for kinds of errors.
pub(crate) fn plain(error: &DataFusionError) -> String {
    if let Some(words) = of(error) {
        return words.message;
    }
    let text = match error.find_root() {
        DataFusionError::SQL(error, _) => format!("syntax error in SQL: {error}"),
        root => root.strip_backtrace(),
    };
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    without_kinds(first.unwrap_or_default())
}

/// A text of the engine without its names for kinds of errors.
pub(crate) fn without_kinds(text: &str) -> String {
    let kinds = [
        "Error during planning: ",
        "Execution error: ",
        "Schema error: ",
        "Arrow error: ",
        "Internal error: ",
        "sql parser error: ",
    ];
    let text = text.to_owned();
    kinds.iter().fold(text, |text, kind| text.replace(kind, ""))
}

/// `x` is not a column of `a` or `b`.
fn no_column(field: &Column, valid: &[Column]) -> Words {
    let mut tables: Vec<String> = valid
        .iter()
        .filter_map(|column| column.relation.as_ref())
        .map(|table| match table.schema() {
            Some(schema) => format!("`{schema}.{}`", table.table()),
            None => format!("`{}`", table.table()),
        })
        .collect();
    tables.sort_unstable();
    tables.dedup();
    let name = field.name();
    let message = match tables.as_slice() {
        [] => format!("there is no column `{name}` here"),
        tables => format!("`{name}` is not a column of {}", tables.join(" or ")),
    };
    let names = valid.iter().map(|column| column.name.as_str());
    Words::new(message, nearest_hint(name, names))
}

fn of_arrow(error: &ArrowError) -> Option<Words> {
    match error {
        ArrowError::DivideByZero => Some(Words::new(
            "a number is divided by zero",
            "write `a / nullif(b, 0)`, which is null then",
        )),
        ArrowError::ArithmeticOverflow(_) => Some(Words::new(
            "a number is too large for its type",
            "cast to a wider type first, such as `decimal(38,2)` or `double`",
        )),
        ArrowError::CastError(text) => of_cast(text),
        ArrowError::ParseError(text) => {
            let value = text
                .strip_prefix("Error parsing timestamp from '")?
                .split('\'')
                .next()?;
            Some(not_of_type(value, "timestamp"))
        }
        _ => None,
    }
}

/// `Cannot cast string '01.01.2026' to value of Date32 type`.
fn of_cast(text: &str) -> Option<Words> {
    let rest = text.strip_prefix("Cannot cast string '")?;
    let (value, rest) = rest.rsplit_once("' to value of ")?;
    let type_name = rest.strip_suffix(" type")?;
    Some(not_of_type(value, word_of_type(type_name)))
}

/// A value that is not what it should be, and how such a value is written.
fn not_of_type(value: &str, word: &str) -> Words {
    Words::new(
        format!("'{value}' is not {}", with_article(word)),
        match form_of(word) {
            Some(form) => format!(
                "write it like {form}, or use `try_cast`, which gives null for what does not fit"
            ),
            None => "use `try_cast`, which gives null for what does not fit".to_owned(),
        },
    )
}

/// `Function 'sum' failed to match any signature, errors: … but received String (DataType: Utf8)…`
fn of_signature(text: &str) -> Option<Words> {
    let function = function_of(text)?;
    let found = ["DataType: ", "coercion from "]
        .iter()
        .find_map(|before| text.split_once(before))
        .map(|(_, rest)| rest.split([')', '(', ' ', ',']).next().unwrap_or_default())
        .filter(|found| !found.is_empty());
    Some(match found {
        Some(found) => Words::new(
            format!(
                "`{function}` does not take {}",
                with_article(word_of_type(found))
            ),
            "cast what it is given, as in `cast(x as decimal(18,2))`",
        ),
        None => Words::new(
            format!("`{function}` does not take what it is given"),
            "look at the number of its arguments and at their types",
        ),
    })
}

/// The function whose arguments the planner does not like.
pub(crate) fn function_of(text: &str) -> Option<&str> {
    let after = ["Function '", "to satisfy a call to '", "For function '"]
        .iter()
        .find_map(|before| text.split_once(before))?
        .1;
    let (name, rest) = after.split_once('\'')?;
    let is_of_types = [
        "failed to match",
        "Failed to",
        "coercion",
        "signature",
        "expect",
    ];
    is_of_types
        .iter()
        .any(|words| rest.contains(words) || text.contains(words))
        .then_some(name)
}

/// An Arrow type by its printed name, as this program calls it.
fn word_of_type(name: &str) -> &str {
    let head = name.split('(').next().unwrap_or(name);
    match head {
        "Utf8" | "Utf8View" | "LargeUtf8" => "string",
        "Int8" | "Int16" | "Int32" | "Int64" | "UInt8" | "UInt16" | "UInt32" | "UInt64" => "int",
        "Float16" | "Float32" | "Float64" => "float",
        "Boolean" => "bool",
        "Date32" | "Date64" => "date",
        "Timestamp" => "timestamp",
        "Decimal32" | "Decimal64" | "Decimal128" | "Decimal256" => "decimal",
        "List" | "LargeList" => "list",
        _ => name,
    }
}

/// `an int`, `a date`.
pub(crate) fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}

/// How a value of a type is written in a file or a literal.
pub(crate) fn form_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "timestamp" => "`2025-08-24 21:38:00` or `2025-08-24T21:38:00Z`",
        "date" => "`2025-08-24`",
        "decimal" | "float" => "`1234.5`",
        "int" => "`1234`",
        "bool" => "`true` or `false`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_words_become_ours() {
        let arrow = |error: ArrowError| {
            of(&DataFusionError::ArrowError(Box::new(error), None)).map(|words| words.message)
        };
        let cast = "Cannot cast string '01.01.2026' to value of Date32 type";
        assert_eq!(
            arrow(ArrowError::CastError(cast.to_owned())).unwrap(),
            "'01.01.2026' is not a date"
        );
        let decimal = "Cannot cast string 'x' to value of Decimal128(38, 10) type";
        assert_eq!(
            arrow(ArrowError::CastError(decimal.to_owned())).unwrap(),
            "'x' is not a decimal"
        );
        assert_eq!(
            arrow(ArrowError::DivideByZero).unwrap(),
            "a number is divided by zero"
        );
        let sum = "Function 'sum' failed to match any signature, errors: Function 'sum' requires \
                   Decimal, but received String (DataType: Utf8)";
        let words = of(&DataFusionError::Plan(sum.to_owned())).unwrap();
        assert_eq!(words.message, "`sum` does not take a string");
    }
}
