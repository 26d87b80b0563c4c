//! Parts put together into the values that AWS answers with.

use crate::inventory::aws::get;
use crate::json::value::Value;

/// An object of these fields, each with its value as text; what is not there is left out.
pub(super) fn object(fields: &[(&str, &str)]) -> String {
    let there = fields.iter().filter(|(_, raw)| *raw != NOTHING);
    let told: Vec<String> = there.map(|(name, raw)| format!("\"{name}\":{raw}")).collect();
    format!("{{{}}}", told.join(","))
}

/// A list of what is made of the items of another; what is not there makes nothing.
pub(super) fn list(items: &str, make: impl Fn(&str) -> String) -> String {
    let made: Vec<String> =
        Value::new(items).items().map(Value::raw).filter(|raw| *raw != NOTHING).map(make).collect();
    format!("[{}]", made.join(","))
}

/// A field as text, [`NOTHING`] where it is not there.
pub(super) fn raw<'a>(value: Value<'a>, name: &str) -> &'a str {
    get(value, name).unwrap_or(Value::NULL).raw()
}

/// The name at the end of an ARN that stands in a string, as a string.
pub(super) fn name_in(arn: &str) -> String {
    match arn.rsplit_once('/') {
        Some((_, name)) if arn.starts_with('"') => format!("\"{name}"),
        _ => arn.to_owned(),
    }
}

/// What stands for a field that is not there.
pub(super) const NOTHING: &str = "null";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_values() {
        let metadata = Value::new(r#"{"arn":"a:role/x","path":"/"}"#);
        let attached = list(r#"["p/one",null,"two"]"#, |arn| object(&[("PolicyArn", arn)]));
        let made =
            object(&[("Arn", raw(metadata, "arn")), ("Id", raw(metadata, "id")), ("Attached", &attached)]);
        assert_eq!(made, r#"{"Arn":"a:role/x","Attached":[{"PolicyArn":"p/one"},{"PolicyArn":"two"}]}"#);
        assert_eq!(list(NOTHING, str::to_owned), "[]");
        assert_eq!(
            [r#""a:group/path/x""#, r#""none""#, "1", "{/}"].map(name_in),
            [r#""x""#, r#""none""#, "1", "{/}"]
        );
    }
}
