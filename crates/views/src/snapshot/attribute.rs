//! Typed values: attributes of entities, and the properties and context that a request brings.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value that a policy can read.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Long(i64),
    /// A text.
    Text(Arc<str>),
    /// Another entity: its type and id.
    Entity(Arc<str>, Arc<str>),
    /// Several values without order.
    Set(Arc<[Self]>),
    /// Values by name.
    Record(Record),
    /// A value made by a function of the policy language: `decimal`, `ip`, `datetime`, `duration`, `offset`.
    Call(Arc<str>, Arc<[Self]>),
}

/// Values by name, in the order of the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(Arc<[(Arc<str>, Attribute)]>);

impl Record {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        let at = self.0.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// All values, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Attribute)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(Arc<str>, Attribute)> for Record {
    /// Of two values of one name the later counts.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Attribute)>>(pairs: I) -> Self {
        let by_name: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        Self(by_name.into_iter().collect())
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl Attribute {
    /// Whether an entity is named in it, at any depth.
    #[must_use]
    pub fn names_entity(&self) -> bool {
        match self {
            Self::Bool(_) | Self::Long(_) | Self::Text(_) => false,
            Self::Entity(..) => true,
            Self::Set(values) | Self::Call(_, values) => values.iter().any(Self::names_entity),
            Self::Record(record) => record.iter().any(|(_, value)| value.names_entity()),
        }
    }
}

/// Reads JSON or YAML: a fraction becomes a `decimal`, a whole number that is too great becomes a text, and what is
/// null is absent. No text from outside ever becomes an entity.
impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Maybe::deserialize(deserializer)?;
        read.0.ok_or_else(|| serde::de::Error::custom("null is no value"))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

/// A value, or null.
struct Maybe(Option<Attribute>);

impl<'de> Deserialize<'de> for Maybe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AttributeVisitor).map(Self)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, Maybe(value))) = map.next_entry::<String, Maybe>()? {
            pairs.extend(value.map(|value| (Arc::from(name), value)));
        }
        Ok(pairs.into_iter().collect())
    }
}

struct AttributeVisitor;

impl<'de> Visitor<'de> for AttributeVisitor {
    type Value = Option<Attribute>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Attribute::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Attribute::Long(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        let long = i64::try_from(value).map(Attribute::Long);
        Ok(Some(long.unwrap_or_else(|_| Attribute::Text(value.to_string().into()))))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        let text = format!("{value:.4}");
        Ok(Some(if value.abs() < DECIMAL_MAX {
            Attribute::Call("decimal".into(), [Attribute::Text(text.into())].into())
        } else {
            Attribute::Text(text.into())
        }))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(Attribute::from(value)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Maybe(value)) = seq.next_element()? {
            values.extend(value);
        }
        Ok(Some(Attribute::Set(values.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        RecordVisitor.visit_map(map).map(|record| Some(Attribute::Record(record)))
    }
}

/// Above it a decimal of the policy language overflows.
const DECIMAL_MAX: f64 = 900_000_000_000_000.0;
