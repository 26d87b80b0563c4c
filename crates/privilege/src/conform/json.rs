//! Reading JSON of others, field by field.

use serde_json::{Map, Value};

use crate::document::{Document, DocumentError};

/// A field that must be text.
pub(super) fn text<'v>(value: &'v Value, field: &str) -> Result<&'v str, String> {
    value.get(field).and_then(Value::as_str).ok_or_else(|| format!("{field} is missing or no text"))
}

/// A field that is text where it is there.
pub(super) fn text_or<'v>(value: &'v Value, field: &str, default: &'v str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or(default)
}

/// The elements of a field that is a list where it is there.
pub(super) fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The entries of a field that is an object where it is there.
pub(super) fn entries<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(field).and_then(Value::as_object).into_iter().flatten()
}

/// A field that stands under one of several names.
pub(super) fn either<'v>(value: &'v Value, fields: &[&str]) -> Option<&'v Value> {
    fields.iter().find_map(|field| value.get(field)).filter(|value| !value.is_null())
}

/// A value of a condition key, or several, as text.
pub(super) fn values(value: &Value) -> Result<Vec<Box<str>>, String> {
    match value {
        Value::Array(values) => values.iter().map(scalar).collect(),
        value => Ok(vec![scalar(value)?]),
    }
}

fn scalar(value: &Value) -> Result<Box<str>, String> {
    match value {
        Value::String(text) => Ok(text.as_str().into()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("{value} is no value of a condition key"))
        }
    }
}

/// A policy: an object, or its text, which may be percent-encoded.
pub(super) fn document(value: &Value) -> Result<Document, DocumentError> {
    match value {
        Value::String(text) if text.trim_start().starts_with('%') => Document::read(&decoded(text)),
        Value::String(text) => Document::read(text),
        value => Document::read(&value.to_string()),
    }
}

/// A text without percent-encoding; what is none stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let pair = (byte == b'%').then(|| {
            let mut ahead = rest.clone();
            let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
            let (high, low) = (digit(ahead.next())?, digit(ahead.next())?);
            Some((u8::try_from(high * 16 + low).ok()?, ahead))
        });
        match pair.flatten() {
            Some((decoded, ahead)) => {
                bytes.push(decoded);
                rest = ahead;
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Tags as `[{key, value}]` in either capitalisation, or as an object; names in lower case.
pub(super) fn tags(value: &Value) -> Vec<(Box<str>, Box<str>)> {
    let pair = |name: &str, value: &str| (name.to_ascii_lowercase().into(), value.into());
    let of_object = |object: &Map<String, Value>| {
        object.iter().filter_map(|(name, value)| Some(pair(name, value.as_str()?))).collect()
    };
    let of_entry = |entry: &Value| {
        let part =
            |names: [&str; 3]| names.iter().find_map(|name| entry.get(name)?.as_str().map(str::to_owned));
        let (name, value) = (part(["key", "Key", "tagKey"])?, part(["value", "Value", "tagValue"])?);
        Some(pair(&name, &value))
    };
    match value {
        Value::Object(object) => of_object(object),
        Value::Array(entries) => entries.iter().filter_map(of_entry).collect(),
        _ => Vec::new(),
    }
}
