//! The large account of the simulator as rows, without the reader of exports.

use doorward_model::identity::Identity;
use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_model::inventory::{AccountExport, Entitlement, Group, Origin, PolicyDocument};
use doorward_simulate::large_account;
use serde_json::Value;

/// The account.
pub(crate) const ACCOUNT: &str = "444455556666";

/// What the export of an account of so many roles says, with an organisation above it that everything is allowed in.
pub(crate) fn rows(roles: u32) -> AccountExport {
    let mut bytes = Vec::new();
    large_account(7, roles, &mut |piece| bytes.extend_from_slice(piece));
    let export: Value = serde_json::from_slice(&bytes).unwrap();
    let mut rows = AccountExport { complete: true, ..AccountExport::default() };
    for policy in list(&export, "/Policies") {
        put(&mut rows, text(policy, "/Arn"), policy.pointer("/PolicyVersionList/0/Document").unwrap());
    }
    for user in list(&export, "/UserDetailList") {
        let groups = list(user, "/GroupList").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let identity = identity(user, "/UserName");
        rows.identities.push(Identity { groups, ..identity });
        attach(&mut rows, user);
    }
    for group in list(&export, "/GroupDetailList") {
        let (id, name) = (text(group, "/Arn").to_owned(), text(group, "/GroupName").to_owned());
        rows.groups.push(Group { id, name, ..Group::default() });
        attach(&mut rows, group);
    }
    for role in list(&export, "/RoleDetailList") {
        let id = text(role, "/Arn");
        rows.identities.push(identity(role, "/RoleName"));
        put(&mut rows, &format!("{id} trust"), role.pointer("/AssumeRolePolicyDocument").unwrap());
        hold(&mut rows, id, "trust", Origin::Trust);
        for inline in list(role, "/RolePolicyList") {
            put(&mut rows, &format!("{id} inline:inline"), inline.pointer("/PolicyDocument").unwrap());
            hold(&mut rows, id, "inline:inline", Origin::Inline);
        }
        attach(&mut rows, role);
        if role.pointer("/PermissionsBoundary").is_some() {
            hold(&mut rows, id, text(role, "/PermissionsBoundary/PermissionsBoundaryArn"), Origin::Boundary);
        }
    }
    ACCOUNT.clone_into(&mut rows.account);
    organise(&mut rows);
    rows
}

/// A root with a policy that allows everything, and the account below it.
fn organise(rows: &mut AccountExport) {
    let node = |id: &str, kind: NodeKind, parent: &str| OrganisationNode {
        id: id.to_owned(),
        kind: kind.into(),
        parent: parent.to_owned(),
        organisation: "o-large".to_owned(),
        ..OrganisationNode::default()
    };
    rows.nodes = vec![node("r-1", NodeKind::Root, ""), node(&rows.account, NodeKind::Account, "r-1")];
    rows.policies.push(PolicyDocument::of(
        "p-FullAWSAccess".to_owned(),
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#.to_owned(),
    ));
    let account = rows.account.clone();
    for holder in ["r-1", &account] {
        hold(rows, holder, "p-FullAWSAccess", Origin::ServiceControl);
    }
}

fn identity(of: &Value, name: &str) -> Identity {
    let id = text(of, "/Arn").to_owned();
    let account = id.split(':').nth(4).unwrap().to_owned();
    let tags =
        list(of, "/Tags").iter().map(|tag| (text(tag, "/Key").to_owned(), text(tag, "/Value").to_owned()));
    Identity { id, name: text(of, name).to_owned(), account, tags: tags.collect(), ..Identity::default() }
}

fn attach(rows: &mut AccountExport, holder: &Value) {
    for attached in list(holder, "/AttachedManagedPolicies") {
        hold(rows, text(holder, "/Arn"), text(attached, "/PolicyArn"), Origin::Attached);
    }
}

fn list<'a>(value: &'a Value, at: &str) -> &'a [Value] {
    value.pointer(at).and_then(Value::as_array).unwrap()
}

fn text<'a>(value: &'a Value, at: &str) -> &'a str {
    value.pointer(at).and_then(Value::as_str).unwrap()
}

fn put(rows: &mut AccountExport, name: &str, document: &Value) {
    rows.policies.push(PolicyDocument::of(name.to_owned(), document.to_string()));
}

pub(crate) fn hold(rows: &mut AccountExport, holder: &str, policy: &str, origin: Origin) {
    let (holder, policy) = (holder.to_owned(), policy.to_owned());
    rows.entitlements.push(Entitlement { holder, policy, origin: origin as i32, ..Entitlement::default() });
}
