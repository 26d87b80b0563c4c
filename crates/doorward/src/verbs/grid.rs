//! JSON into columns of text. Nothing is cut or wrapped: what stands there can be copied, or read by another program.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// A column: its heading, and where its value stands in a row.
pub(crate) type Column = (&'static str, &'static str);

/// Rows under headings.
pub(crate) fn rows(items: &[Value], columns: &[Column]) -> String {
    let mut table = empty();
    table.set_header(columns.iter().map(|(heading, _)| *heading));
    for item in items {
        table.add_row(columns.iter().map(|(_, pointer)| text(item, pointer)));
    }
    format!("{}\n", table.trim_fmt())
}

/// What is known of one thing: a name and its value in each line. What is empty is left out.
pub(crate) fn fields(thing: &Value, fields: &[Column]) -> String {
    let mut table = empty();
    for (name, pointer) in fields {
        let value = text(thing, pointer);
        if !value.is_empty() {
            table.add_row([(*name).to_owned(), value]);
        }
    }
    format!("{}\n", table.trim_fmt())
}

/// Rows of a list within a thing, under a title; nothing if there are none.
pub(crate) fn section(thing: &Value, (title, pointer): Column, columns: &[Column]) -> String {
    match thing.pointer(pointer).and_then(Value::as_array) {
        Some(items) if !items.is_empty() => format!("\n{title}:\n{}", rows(items, columns)),
        Some(_) | None => String::new(),
    }
}

/// A value as a person would write it: a list with commas, nothing for nothing. The empty pointer is the value itself.
pub(crate) fn text(thing: &Value, pointer: &str) -> String {
    thing.pointer(pointer).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.replace(char::is_control, " "),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let pairs = members.iter().map(|(name, value)| format!("{name}={}", plain(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}

fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{fields, rows, section};

    #[test]
    fn values_stand_in_columns_whole() {
        let items = [
            json!({"id": "a", "risk": {"score": 7}, "on": true}),
            json!({"id": "long".repeat(40), "tags": ["x", "y"]}),
        ];
        let long = "long".repeat(40);
        let table = rows(&items, &[("id", "/id"), ("risk", "/risk/score"), ("on", "/on"), ("tags", "/tags")]);
        let read: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(read, [vec!["id", "risk", "on", "tags"], vec!["a", "7", "yes"], vec![&long, "x,", "y"]]);
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let thing = json!({"id": "a", "account": "", "last": null, "holds": []});
        let columns = [("id", "/id"), ("account", "/account"), ("last", "/last"), ("none", "/none")];
        assert_eq!(fields(&thing, &columns).trim(), "id  a");
        assert_eq!(section(&thing, ("holds", "/holds"), &columns), "");
    }

    #[test]
    fn what_others_wrote_cannot_steer_the_terminal() {
        let thing = json!({"reason": "x\u{1b}[2J\ny"});
        assert_eq!(fields(&thing, &[("reason", "/reason")]).trim(), "reason  x [2J y");
    }
}
