//! Types at the boundary: what a declared column is in Arrow, and what may be stored.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use cdp_plan::{ColumnType, Source};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, cast, col};

use crate::error::{ErrorKind, LakeError, Result};

/// Microseconds in UTC: the timestamp of Delta.
pub(crate) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A declared type in Arrow.
pub(crate) fn arrow_type(column_type: ColumnType) -> DataType {
    match column_type {
        ColumnType::String => DataType::Utf8,
        ColumnType::Int => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => timestamp(),
        ColumnType::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
    }
}

/// A type of a column as `sources.toml` would write it.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".to_owned(),
        DataType::Int64 => "int".to_owned(),
        DataType::Float64 => "float".to_owned(),
        DataType::Boolean => "bool".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, _) => "timestamp".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::List(field) => format!("list of {}", type_name(field.data_type())),
        other => other.to_string().to_lowercase(),
    }
}

/// The declared columns of a source.
pub(crate) fn source_schema(source: &Source) -> SchemaRef {
    let fields: Vec<Field> = source
        .columns
        .iter()
        .map(|(name, column_type)| Field::new(name, arrow_type(*column_type), true))
        .collect();
    Arc::new(Schema::new(fields))
}

/// The type that is stored for a type of a query: no views, no dictionaries, nothing unsigned, and
/// every timestamp in microseconds UTC.
fn stored_type(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, value) => stored_type(value)?,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, _) => timestamp(),
        DataType::List(field) | DataType::LargeList(field) | DataType::ListView(field) => {
            let inner = stored_type(field.data_type())?;
            DataType::List(Arc::new(Field::new("item", inner, true)))
        }
        DataType::Utf8
        | DataType::Binary
        | DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Decimal128(_, _) => data_type.clone(),
        _ => return None,
    })
}

/// A schema as it is stored; every column may be null.
pub(crate) fn stored_schema(schema: &Schema) -> Result<SchemaRef> {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            stored_type(field.data_type())
                .map(|data_type| Field::new(field.name(), data_type, true))
                .ok_or_else(|| cannot_store(field.name(), field.data_type()))
        })
        .collect::<Result<_>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

fn cannot_store(name: &str, data_type: &DataType) -> LakeError {
    LakeError::new(
        ErrorKind::Schema,
        format!(
            "the column `{name}` is of type {}, which can't be stored",
            type_name(data_type)
        ),
    )
    .hint("cast it in the query, for example to text or a number")
}

/// The plan with every column cast to the type that is stored.
pub(crate) fn to_stored(plan: LogicalPlan) -> Result<LogicalPlan> {
    let schema = stored_schema(plan.schema().as_arrow())?;
    cast_to(plan, &schema)
}

/// The plan with its columns cast to those of a schema, by position of the plan's own columns.
pub(crate) fn cast_to(plan: LogicalPlan, schema: &Schema) -> Result<LogicalPlan> {
    let expressions: Vec<Expr> = plan
        .schema()
        .columns()
        .into_iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            let expression = Expr::Column(column);
            let same = expression.get_type(plan.schema())? == *field.data_type();
            Ok(if same {
                expression.alias(field.name())
            } else {
                cast(expression, field.data_type().clone()).alias(field.name())
            })
        })
        .collect::<Result<_>>()?;
    Ok(LogicalPlanBuilder::from(plan)
        .project(expressions)?
        .build()?)
}

/// A column by its exact name, whatever its case.
pub(crate) fn exact(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// A column of ours, which is lower case.
pub(crate) fn own(name: &str) -> Expr {
    col(name)
}
