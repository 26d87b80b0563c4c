//! `get-account-authorization-details`.

use serde_json::{Value, json};

use crate::support::read;

fn fixture() -> Value {
    serde_json::from_slice(include_bytes!("../../testdata/export.json")).unwrap()
}

#[test]
fn a_whole_export() {
    let outcome = read(include_bytes!("../../testdata/export.json"));
    assert_eq!((outcome.read, outcome.reasons()), (0, vec![]));
    insta::assert_debug_snapshot!(outcome.exports);
}

#[test]
fn pages_in_one_source_are_one_export() {
    let mut whole = read(fixture().to_string().as_bytes()).exports;
    let (mut first, mut second) = (fixture(), fixture());
    for list in ["RoleDetailList", "Policies"] {
        first.as_object_mut().unwrap().remove(list);
    }
    for list in ["UserDetailList", "GroupDetailList"] {
        second[list] = json!([]);
    }
    first["IsTruncated"] = json!(true);
    first["Marker"] = json!("m");
    for text in [format!("{first:#}\n{second}"), format!("[{first},{second}]")] {
        let mut pages = read(text.as_bytes()).exports;
        // The ranges of the rejects inside differ.
        pages[0].rejects.clear();
        whole[0].rejects.clear();
        assert_eq!(pages, whole);
    }
    let complete = |page: &Value| read(page.to_string().as_bytes()).exports[0].complete;
    assert_eq!([complete(&first), complete(&second)], [false, true]);
    for (field, value) in [("Marker", json!("m")), ("NextToken", json!("n")), ("IsTruncated", json!("true"))]
    {
        let mut page = fixture();
        page[field] = value;
        assert!(!complete(&page), "{field}");
    }
}

#[test]
fn a_cut_export_counts_not_at_all() {
    let text = fixture().to_string();
    let mut first = fixture();
    first["IsTruncated"] = json!(true);
    let first = first.to_string();
    for input in [
        text.get(..text.len() - 9).unwrap().to_owned(),
        format!("{first}\n{}", text.get(..text.len() / 2).unwrap()),
    ] {
        let expected =
            format!("reject 1 at 0..{}: cut short: the source ends inside of a record or list", input.len());
        assert_eq!(read(input.as_bytes()).lines(), [expected]);
    }
}

#[test]
fn an_export_that_lacks_what_it_needs_is_one_reject() {
    for (list, field, reason) in [
        ("UserDetailList", "Arn", "Arn is missing in UserDetailList of the export"),
        ("RoleDetailList", "RoleName", "RoleName is missing in RoleDetailList of the export"),
        ("Policies", "Arn", "Arn is missing in Policies of the export"),
    ] {
        let mut export = fixture();
        export[list][0].as_object_mut().unwrap().remove(field);
        let outcome = read(export.to_string().as_bytes());
        assert_eq!((outcome.exports, outcome.rejects.len()), (vec![], 1));
        assert_eq!(outcome.rejects[0].reason.to_string(), format!("field not usable: {reason}"));
    }
    let mut export = fixture();
    export["GroupDetailList"] = json!({"a": 1});
    let reasons = read(export.to_string().as_bytes()).reasons();
    assert_eq!(reasons, ["field not usable: GroupDetailList of the export is no list"]);
}

#[test]
fn a_page_of_policies_alone_is_a_page() {
    let mut page = fixture();
    for list in ["UserDetailList", "GroupDetailList", "RoleDetailList"] {
        page.as_object_mut().unwrap().remove(list);
    }
    let exports = read(page.to_string().as_bytes()).exports;
    let names: Vec<_> = exports[0].policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["arn:aws:iam::111122223333:policy/limit"]);
}
