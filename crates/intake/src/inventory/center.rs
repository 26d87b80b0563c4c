//! IAM Identity Center: permission sets with their policies, assignments, and who is in which group.

use doorward_model::identity::{Identity, IdentityKind};
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet, PrincipalKind};
use doorward_model::inventory::{Group, Origin};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{date, get, list, needed, tags, text, text_at};
use crate::inventory::draft::Draft;
use crate::inventory::form::Top;
use crate::json::value::Value;

/// Whether a value is such an answer.
pub(super) fn recognises(top: &Top<'_>) -> bool {
    top.holds("AccountAssignments", "PermissionSetArn")
        || top.holds("PermissionSet", "PermissionSetArn")
        || names_sets(top)
        || top.holds("AttachedManagedPolicies", "Arn")
        || top.holds("CustomerManagedPolicyReferences", "Name")
        || (top.is_only("InlinePolicy") && top.get("InlinePolicy").is_some())
        || top.holds("PermissionsBoundary", "ManagedPolicyArn")
        || top.holds("PermissionsBoundary", "CustomerManagedPolicyReference")
        || ["Users", "Groups", "GroupMemberships"].iter().any(|field| top.holds(field, "IdentityStoreId"))
}

fn names_sets(top: &Top<'_>) -> bool {
    let first = top.get("PermissionSets").and_then(|sets| sets.items().next());
    first.is_some_and(|first| first.scalar().contains(":permissionSet/"))
}

/// Reads an answer.
pub(super) fn read(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let value = top.value;
    list(value, "AccountAssignments")?.try_for_each(|one| assignment(one, draft))?;
    for arn in list(value, "PermissionSets")? {
        put(PermissionSet { id: arn.scalar().into_owned(), ..PermissionSet::default() }, draft);
    }
    if let Some(set) = top.get("PermissionSet") {
        let id = needed(set, "PermissionSetArn", "PermissionSet")?;
        let row = PermissionSet {
            name: needed(set, "Name", "PermissionSet")?,
            session_duration: text(set, "SessionDuration").into_owned(),
            tags: tags(set, "Tags")?,
            created_at_ms: date(set, "CreatedDate").map_or(0, Time::ms),
            id,
            ..PermissionSet::default()
        };
        put(row, draft);
    }
    policies(top, draft)?;
    list(value, "Users")?.try_for_each(|one| user(one, draft))?;
    list(value, "Groups")?.try_for_each(|one| group(one, draft))?;
    list(value, "GroupMemberships")?.try_for_each(|one| membership(one, draft))
}

/// The instance of Identity Center that the ARN of a permission set names.
pub(crate) fn instance(arn: &str) -> Result<String, RejectReason> {
    let found = arn.split('/').find(|part| part.starts_with("ssoins-"));
    let wrong = || RejectReason::Field(format!("{arn:?} is no ARN of a permission set"));
    found.map(str::to_owned).ok_or_else(wrong)
}

fn put(set: PermissionSet, draft: &mut Draft<'_>) {
    let instance = instance(&set.id).unwrap_or_default();
    let row = PermissionSet { instance: instance.clone(), seen: Some(draft.seen()), ..set };
    draft.sheet(&instance).export.permission_sets.push(row);
}

fn assignment(value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let of = "AccountAssignments";
    let account = needed(value, "AccountId", of)?;
    let row = Assignment {
        principal: needed(value, "PrincipalId", of)?,
        principal_kind: match &*needed(value, "PrincipalType", of)? {
            "USER" => PrincipalKind::User,
            "GROUP" => PrincipalKind::Group,
            _ => PrincipalKind::Unknown,
        }
        .into(),
        permission_set: needed(value, "PermissionSetArn", of)?,
        account: account.clone(),
        seen: Some(draft.seen()),
    };
    draft.sheet(&account).export.assignments.push(row);
    Ok(())
}

/// The policies of the permission set that was asked about. A policy of a customer is named without an account,
/// because it is the one of that name in each account where the set is assigned.
fn policies(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let value = top.value;
    let boundary = top.get("PermissionsBoundary");
    let inline = top.get("InlinePolicy").filter(|policy| !policy.scalar().is_empty() || policy.is_object());
    let attached: Vec<String> =
        list(value, "AttachedManagedPolicies")?.map(|policy| text(policy, "Arn").into_owned()).collect();
    let own: Vec<String> = list(value, "CustomerManagedPolicyReferences")?.map(of_customer).collect();
    if boundary.is_none() && inline.is_none() && attached.is_empty() && own.is_empty() {
        return Ok(());
    }
    let set = draft.about("\"arn:aws:sso:::permissionSet/ssoins-.../ps-...\"")?.to_owned();
    let mut sheet = draft.sheet(&instance(&set)?);
    for policy in attached.iter().chain(&own).filter(|policy| !policy.is_empty()) {
        sheet.entitle(&set, policy, Origin::PermissionSet, None);
    }
    if let Some(inline) = inline {
        sheet.own(&set, "inline:permission-set", Origin::PermissionSet, Some(inline));
    }
    if let Some(boundary) = boundary {
        let managed = text(boundary, "ManagedPolicyArn").into_owned();
        let own = get(boundary, "CustomerManagedPolicyReference").map(of_customer).unwrap_or_default();
        let policy = if managed.is_empty() { own } else { managed };
        sheet.entitle(&set, &policy, Origin::Boundary, None);
    }
    Ok(())
}

pub(crate) fn of_customer(reference: Value<'_>) -> String {
    let path = text(reference, "Path");
    let path = if path.is_empty() { "/" } else { &path };
    format!("arn:aws:iam:::policy{path}{}", text(reference, "Name"))
}

/// A person. The log names one by the account and the id in the identity store.
fn user(value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let (store, id) = (needed(value, "IdentityStoreId", "Users")?, needed(value, "UserId", "Users")?);
    let account = draft.beside.account.clone();
    let row = Identity {
        id: named(&account, &store, &id),
        kind: IdentityKind::Human.into(),
        platform: "aws".to_owned(),
        account,
        name: needed(value, "UserName", "Users")?,
        unique_id: id,
        peer_group: IdentityKind::Human.word().to_owned(),
        seen: Some(draft.seen()),
        tags: email(value),
        ..Identity::default()
    };
    draft.sheet(&store).export.identities.push(row);
    Ok(())
}

/// The first address of a person.
fn email(value: Value<'_>) -> std::collections::BTreeMap<String, String> {
    let address = text_at(value, &["Emails", "Value"]);
    if address.is_empty() { Default::default() } else { [("email".to_owned(), address)].into() }
}

fn group(value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let (store, id) = (needed(value, "IdentityStoreId", "Groups")?, needed(value, "GroupId", "Groups")?);
    let account = draft.beside.account.clone();
    let row = Group {
        id: named(&account, &store, &id),
        name: text(value, "DisplayName").into_owned(),
        account,
        unique_id: id,
        seen: Some(draft.seen()),
        ..Group::default()
    };
    draft.sheet(&store).export.groups.push(row);
    Ok(())
}

fn membership(value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let of = "GroupMemberships";
    let store = needed(value, "IdentityStoreId", of)?;
    let member = get(value, "MemberId").unwrap_or(Value::NULL);
    let row = Membership {
        group: needed(value, "GroupId", of)?,
        member: needed(member, "UserId", "MemberId")?,
        store: store.clone(),
        seen: Some(draft.seen()),
    };
    draft.sheet(&store).export.memberships.push(row);
    Ok(())
}

/// The id of somebody or something in an identity store.
fn named(account: &str, store: &str, id: &str) -> String {
    let place = if account.is_empty() { store } else { account };
    format!("idc:{place}/{id}")
}
