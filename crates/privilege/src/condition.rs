//! Conditions of statements: a key of the request, compared with values, of which the answer is yes, no, or open where
//! the request's value is not known.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context
//! keys".

use std::fmt;

use crate::pattern::Pattern;

mod holds;
mod like;
mod operator;
mod value;

pub use operator::{Operator, Qualifier, Test};
pub use value::Value;

/// One condition: a key, compared in a way with values of which one must match.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Condition {
    /// How it compares.
    pub operator: Operator,
    /// The condition key, in lower case.
    pub key: Box<str>,
    /// The condition key as it is written.
    pub written: Box<str>,
    /// The values, read as the operator needs them.
    pub values: Vec<Value>,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    ///
    /// When the operator is not known, or a value is none that it could compare; the text says what and how to mend it.
    pub fn read(
        operator: &str,
        key: &str,
        values: Vec<Box<str>>,
        has_variables: bool,
    ) -> Result<Self, String> {
        let operator: Operator = operator.parse()?;
        let read = |text: Box<str>| {
            Value::read(operator.test, text, has_variables)
                .map_err(|what| format!("{operator} {key}: {what}"))
        };
        Ok(Self {
            operator,
            key: key.to_ascii_lowercase().into(),
            written: key.into(),
            values: values.into_iter().map(read).collect::<Result<_, _>>()?,
        })
    }
}

impl Condition {
    /// Its values that are texts, as patterns.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.values.iter().filter_map(Value::pattern)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.operator, self.written)?;
        for (place, value) in self.values.iter().enumerate() {
            let between = if place == 0 { "" } else { " | " };
            write!(f, "{between}{}", value.text())?;
        }
        Ok(())
    }
}
