//! The one filter grammar, and pages.
//!
//! `?kind=agent&kind=human&account=111122223333&q=deploy&limit=50&cursor=...`: fields are joined by *and*, several
//! values of one field by *or*; `q` is looked for anywhere, in either case. A field that is not known is an error.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ops::Bound;

use doorward_model::id::FactNumber;
use doorward_model::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Query {
    fields: BTreeMap<String, Vec<String>>,
    /// How many entries a page holds at most.
    pub limit: usize,
    /// Where the page begins: what the page before gave.
    pub cursor: Option<String>,
    /// The instant of which the answer is to be; now when absent.
    pub as_of: Option<Time>,
}

/// Some entries, and where to go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; absent at the end. A page may hold less than asked for and yet not be the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The last fact that the answer saw.
    #[schema(value_type = u64)]
    pub seen: FactNumber,
}

/// The query cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QueryError {
    /// There is no such field.
    #[error("cannot filter by {field:?}, expected one of {known}")]
    Field {
        /// The field.
        field: String,
        /// Those that there are.
        known: String,
    },
    /// The number of entries is none.
    #[error("cannot read limit {0:?}, expected a number from 1")]
    Limit(String),
    /// The cursor is none that a page gave.
    #[error("cannot read the cursor: take it from the page before, unchanged")]
    Cursor,
    /// A value is not what its field asks for.
    #[error("cannot read {field} {value:?}, expected {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// The value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The answer rests on more than facts.
    #[error("cannot answer this as of an instant: only facts are kept for that")]
    AsOf,
    /// Something must be asked for.
    #[error("missing {0}")]
    Missing(&'static str),
}

impl Query {
    /// How many entries a page holds when nothing is said.
    pub const LIMIT: usize = 100;

    /// All entries, page by page.
    #[must_use]
    pub const fn all() -> Self {
        Self { fields: BTreeMap::new(), limit: Self::LIMIT, cursor: None, as_of: None }
    }

    /// Reads names and values; `known` are the fields that may be filtered by.
    ///
    /// # Errors
    /// [`QueryError`] names what cannot be read.
    pub fn read(
        pairs: impl IntoIterator<Item = (String, String)>,
        known: &[&str],
        limit_max: usize,
    ) -> Result<Self, QueryError> {
        let mut query = Self::all();
        for (field, value) in pairs {
            match field.as_str() {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| *limit > 0);
                    query.limit = limit.ok_or(QueryError::Limit(value))?;
                }
                "cursor" => query.cursor = Some(value),
                "as_of" => query.as_of = Some(instant("as_of", &value)?),
                field if known.contains(&field) => {
                    query.fields.entry(field.to_owned()).or_default().push(value);
                }
                _ => return Err(QueryError::Field { field, known: known.join(", ") }),
            }
        }
        query.limit = query.limit.min(limit_max);
        Ok(query)
    }

    /// The first value of a field.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.first().map(String::as_str)
    }

    /// All values of a field.
    #[must_use]
    pub fn values(&self, field: &str) -> &[String] {
        self.fields.get(field).map_or(&[], Vec::as_slice)
    }

    /// Whether one of the values asked for in a field is this one; also when none is asked for.
    #[must_use]
    pub fn is(&self, field: &str, value: &str) -> bool {
        self.fields.get(field).is_none_or(|asked| asked.iter().any(|asked| asked == value))
    }

    /// Whether `q` stands in one of the texts; also when nothing is asked for.
    #[must_use]
    pub fn finds(&self, texts: &[&str]) -> bool {
        self.fields.get("q").is_none_or(|asked| {
            let asked: Vec<_> = asked.iter().map(|text| text.to_lowercase()).collect();
            texts.iter().any(|text| {
                let text = text.to_lowercase();
                asked.iter().any(|asked| text.contains(asked))
            })
        })
    }

    /// The instant in a field.
    ///
    /// # Errors
    /// [`QueryError::Value`] when it is none.
    pub fn time(&self, field: &'static str) -> Result<Option<Time>, QueryError> {
        self.value(field).map(|text| instant(field, text)).transpose()
    }

    /// The yes or no in a field.
    ///
    /// # Errors
    /// [`QueryError::Value`] when it is neither.
    pub fn flag(&self, field: &'static str) -> Result<Option<bool>, QueryError> {
        let expected = "true or false";
        let read = |text: &str| {
            text.parse().map_err(|_| QueryError::Value { field, value: text.to_owned(), expected })
        };
        self.value(field).map(read).transpose()
    }

    /// Only facts can be asked for as of an instant: what was observed ends with its window.
    ///
    /// # Errors
    /// [`QueryError::AsOf`] when an instant is asked for.
    pub fn now_only(&self) -> Result<(), QueryError> {
        if self.as_of.is_none() { Ok(()) } else { Err(QueryError::AsOf) }
    }

    /// Where a page of things by id begins.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] when the cursor is none.
    pub fn after(&self) -> Result<Bound<String>, QueryError> {
        let Some(cursor) = &self.cursor else { return Ok(Bound::Unbounded) };
        from_hex(cursor).map(Bound::Excluded).ok_or(QueryError::Cursor)
    }
}

fn instant(field: &'static str, text: &str) -> Result<Time, QueryError> {
    let expected = "RFC 3339 such as 2026-11-23T09:30:00Z";
    Time::parse(text).map_err(|_| QueryError::Value { field, value: text.to_owned(), expected })
}

/// A page of things by id: those that match, from the cursor on.
///
/// # Errors
/// [`QueryError::Cursor`] when the cursor is none.
pub fn page<'a, K: Borrow<str> + Ord, T, R>(
    things: &'a BTreeMap<K, T>,
    query: &Query,
    seen: FactNumber,
    mut row: impl FnMut(&'a T) -> Option<R>,
) -> Result<Page<R>, QueryError> {
    let mut items = Vec::new();
    let mut next_cursor = None;
    let after = query.after()?;
    let from = (after.as_ref().map(String::as_str), Bound::Unbounded);
    for (looked_at, (id, thing)) in things.range::<str, _>(from).enumerate() {
        if items.len() >= query.limit || looked_at >= LOOKED_AT_MAX {
            return Ok(Page { items, next_cursor, seen });
        }
        items.extend(row(thing));
        next_cursor = Some(to_hex(id.borrow()));
    }
    Ok(Page { items, next_cursor: None, seen })
}

/// How many entries are looked at for one page.
pub const LOOKED_AT_MAX: usize = 50_000;

/// A text in digits that need no escaping in a URL.
pub(crate) fn to_hex(text: &str) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0F)]).collect()
}

fn from_hex(digits: &str) -> Option<String> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((value(high)? << 4) | value(low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}
