//! IAM Identity Center: permission sets, what they hold, and who may use which in which account.
//!
//! Sources: "Logging IAM Identity Center API calls with AWS CloudTrail" and the API references of Identity Center and
//! of the identity store. An assignment is made a moment after the answer, which says that it is in progress.

use doorward_model::inventory::Origin;
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet, PrincipalKind};
use doorward_model::inventory::row::{Row, RowKind};

use crate::change::record::{Reader, Record, Unclear, document_in, needed};
use crate::change::{Change, Holder};
use crate::inventory::aws::{get, text};
use crate::inventory::center::{instance, of_customer};
use crate::json::value::Value;

pub(super) const ACTIONS: &[(&str, Reader)] = &[
    ("CreateAccountAssignment", assigned),
    ("DeleteAccountAssignment", assigned_no_more),
    ("CreatePermissionSet", created),
    ("DeletePermissionSet", gone),
    ("AttachManagedPolicyToPermissionSet", |record| attached(record, true)),
    ("DetachManagedPolicyFromPermissionSet", |record| attached(record, false)),
    ("AttachCustomerManagedPolicyReferenceToPermissionSet", |record| attached(record, true)),
    ("DetachCustomerManagedPolicyReferenceFromPermissionSet", |record| attached(record, false)),
    ("PutInlinePolicyToPermissionSet", inline),
    ("DeleteInlinePolicyFromPermissionSet", inline_gone),
    ("PutPermissionsBoundaryToPermissionSet", bounded),
    ("DeletePermissionsBoundaryFromPermissionSet", unbounded),
];

pub(super) const STORE_ACTIONS: &[(&str, Reader)] = &[("CreateGroupMembership", joined)];

/// The name under which the inline policy of a permission set is kept: it has one.
const INLINE: &str = "inline:permission-set";

fn assignment(record: &Record<'_>) -> Result<Assignment, Unclear> {
    Ok(Assignment {
        principal: record.needed("principalId")?,
        principal_kind: match &*record.asked("principalType") {
            "USER" => PrincipalKind::User,
            "GROUP" => PrincipalKind::Group,
            _ => PrincipalKind::Unknown,
        }
        .into(),
        permission_set: record.needed("permissionSetArn")?,
        account: record.needed("targetId")?,
        seen: Some(record.draft.seen()),
    })
}

fn assigned(record: &mut Record<'_>) -> Result<(), Unclear> {
    let row = assignment(record)?;
    let account = row.account.clone();
    record.draft.sheet(&account).export.assignments.push(row);
    Ok(())
}

fn assigned_no_more(record: &mut Record<'_>) -> Result<(), Unclear> {
    let key = assignment(record)?.key();
    record.changes.push(Change::RowGone { kind: RowKind::Assignment, key });
    Ok(())
}

fn created(record: &mut Record<'_>) -> Result<(), Unclear> {
    let shown = get(record.response, "permissionSet").unwrap_or(Value::NULL);
    let id = needed(shown, "permissionSetArn", "the answer")?;
    let instance = instance(&id)?;
    let row = PermissionSet {
        name: text(shown, "name").into_owned(),
        session_duration: text(shown, "sessionDuration").into_owned(),
        created_at_ms: record.event.happened_at_ms,
        seen: Some(record.draft.seen()),
        instance: instance.clone(),
        id,
        ..PermissionSet::default()
    };
    record.draft.sheet(&instance).export.permission_sets.push(row);
    Ok(())
}

fn set(record: &Record<'_>) -> Result<Holder, Unclear> {
    Ok(Holder::of(record.needed("permissionSetArn")?))
}

fn gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let set = set(record)?;
    record.changes.push(Change::Gone(set));
    Ok(())
}

/// A policy of AWS by its ARN, one of a customer by its name in each account.
fn named(value: Value<'_>) -> Result<String, Unclear> {
    match (text(value, "managedPolicyArn"), get(value, "customerManagedPolicyReference")) {
        (arn, _) if !arn.is_empty() => Ok(arn.into_owned()),
        (_, Some(reference)) if !text(reference, "name").is_empty() => Ok(of_customer(reference)),
        _ => Err(Unclear("the request names no policy".to_owned())),
    }
}

fn attached(record: &mut Record<'_>, is_attached: bool) -> Result<(), Unclear> {
    let (holder, policy, origin) = (set(record)?, named(record.request)?, Origin::PermissionSet);
    record.changes.push(if is_attached {
        Change::Held { holder, policy, origin }
    } else {
        Change::NotHeld { holder, policy: Some(policy), origin }
    });
    Ok(())
}

fn inline(record: &mut Record<'_>) -> Result<(), Unclear> {
    let holder = set(record)?;
    let document = document_in(record.request, "inlinePolicy");
    record.own(holder, INLINE.to_owned(), Origin::PermissionSet, document);
    Ok(())
}

fn inline_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let (holder, policy) = (set(record)?, INLINE.to_owned());
    record.changes.push(Change::OwnGone { holder, policy, origin: Origin::PermissionSet });
    Ok(())
}

fn bounded(record: &mut Record<'_>) -> Result<(), Unclear> {
    let holder = set(record)?;
    let boundary = get(record.request, "permissionsBoundary").unwrap_or(Value::NULL);
    let policy = named(boundary)?;
    record.changes.push(Change::Held { holder, policy, origin: Origin::Boundary });
    Ok(())
}

fn unbounded(record: &mut Record<'_>) -> Result<(), Unclear> {
    let holder = set(record)?;
    record.changes.push(Change::NotHeld { holder, policy: None, origin: Origin::Boundary });
    Ok(())
}

fn joined(record: &mut Record<'_>) -> Result<(), Unclear> {
    let store = record.needed("identityStoreId")?;
    let member = get(record.request, "memberId").unwrap_or(Value::NULL);
    let row = Membership {
        group: record.needed("groupId")?,
        member: needed(member, "userId", "the request")?,
        store: store.clone(),
        seen: Some(record.draft.seen()),
    };
    record.draft.sheet(&store).export.memberships.push(row);
    Ok(())
}
