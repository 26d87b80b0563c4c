//! `get-account-authorization-details`.

use doorward_model::hash::Hash16;
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
    assert_eq!([complete(&fixture()), complete(&first)], [true, false]);
    for (field, value) in [("Marker", json!("m")), ("NextToken", json!("n")), ("IsTruncated", json!("true"))]
    {
        let mut page = fixture();
        page[field] = value;
        assert!(!complete(&page), "{field}");
    }
}

/// Whether an export is whole, and what it says if it is not.
fn whole(export: &Value) -> (bool, Vec<String>) {
    let export = read(export.to_string().as_bytes()).exports.remove(0);
    let reasons = export.rejects.iter().map(|reject| reject.reason.to_string());
    (export.complete, reasons.filter(|reason| reason.starts_with("cut short")).collect())
}

fn not_whole(why: &str) -> (bool, Vec<String>) {
    let said = format!(
        "cut short: the export of account 111122223333 is not whole: {why}; what it does not name counts as unknown, \
         not as gone: store all pages in one file, fetched without a filter"
    );
    (false, vec![said])
}

#[test]
fn a_page_whose_siblings_are_missing_is_not_the_whole() {
    assert_eq!(whole(&fixture()), (true, vec![]));
    let without = |list: &str| {
        let mut page = fixture();
        page.as_object_mut().unwrap().remove(list);
        whole(&page)
    };
    let limit = "1 hold arn:aws:iam::111122223333:policy/limit, of whom 0 are here";
    assert_eq!(without("UserDetailList"), not_whole(limit));
    let groups = "group admins is not here, and 2 more such";
    assert_eq!(without("GroupDetailList"), not_whole(groups));
    let mut page = fixture();
    page["UserDetailList"][0]["AttachedManagedPolicies"] = json!([
        {"PolicyName": "own", "PolicyArn": "arn:aws:iam::111122223333:policy/own"},
        {"PolicyName": "SecurityAudit", "PolicyArn": "arn:aws:iam::aws:policy/SecurityAudit"}
    ]);
    assert_eq!(whole(&page), not_whole("arn:aws:iam::111122223333:policy/own is not here"));
    let mut page = fixture();
    page["Policies"][1]["AttachmentCount"] = json!(3);
    let administrators = "3 hold arn:aws:iam::aws:policy/AdministratorAccess, of whom 1 are here";
    assert_eq!(whole(&page), not_whole(administrators));
    // A count that lags behind shows nothing that is missing.
    page["Policies"][1]["AttachmentCount"] = json!(0);
    assert_eq!(whole(&page), (true, vec![]));
    page["IsTruncated"] = json!(true);
    assert_eq!(whole(&page), (false, vec![]));
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
    assert_eq!(
        names,
        [
            "arn:aws:iam::111122223333:policy/limit version:v1",
            "arn:aws:iam::111122223333:policy/limit",
            "arn:aws:iam::aws:policy/AdministratorAccess"
        ]
    );
}

#[test]
fn what_is_of_another_account_says_so() {
    let mut export = fixture();
    let other = "arn:aws:iam::444455556666:role/assistant";
    export["RoleDetailList"][1]["Arn"] = json!(other);
    let exports = read(export.to_string().as_bytes()).exports;
    let accounts = exports[0].identities.iter().filter(|identity| identity.account != exports[0].account);
    let accounts: Vec<_> = accounts.map(|identity| (&*identity.id, &*identity.account)).collect();
    assert_eq!((exports.len(), &*exports[0].account), (1, "111122223333"));
    assert_eq!(accounts, [(other, "444455556666")]);
}

#[test]
fn a_policy_of_any_size_has_its_place() {
    let mut export = fixture();
    let statement =
        json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Sid": "x".repeat(60 << 20)});
    let document = json!({"Statement": [statement]});
    let size = document.to_string().len();
    export["UserDetailList"][1]["UserPolicyList"][0]["PolicyDocument"] = document;
    let exports = read(export.to_string().as_bytes()).exports;
    let reasons: Vec<_> = exports[0].rejects.iter().map(|reject| reject.reason.to_string()).collect();
    let holder = "arn:aws:iam::111122223333:user/ci-deploy";
    assert_eq!(
        reasons[0],
        format!(
            "policy document does not parse: {holder} inline:push: it has {size} bytes, and AWS takes no policy of more than 1048576"
        )
    );
    let name = format!("{holder} inline:push");
    let kept = exports[0].policies.iter().find(|policy| policy.name == name).unwrap();
    assert_eq!((kept.text.len(), kept.hash), ((1 << 20) + 4, Hash16::of(kept.text.as_bytes())));
    assert_eq!(exports[0].identities, read(fixture().to_string().as_bytes()).exports[0].identities);
}
