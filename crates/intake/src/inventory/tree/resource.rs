//! Resources with their policies, what is shared with other accounts, and Identity Center.

use doorward_model::inventory::resource::attribute;
use doorward_model::inventory::{Origin, Source};
use doorward_model::reject::RejectReason;

use crate::inventory::aws::{Arn, at, get, list, tags, text, text_at};
use crate::inventory::form::Top;
use crate::inventory::tree::account::arn_of;
use crate::inventory::tree::compose::{object, raw};
use crate::inventory::tree::{Folder, Thing};
use crate::inventory::{center as identity_center, resource_policy};
use crate::json::value::Value;

/// Where the metadata of a service tell the role that a workload runs as.
const RUNS_AS: [(&str, &str); 3] = [("lambda", "role"), ("codebuild", "serviceRole"), ("iam", "roles")];

/// Reads a resource.
pub(super) fn read(arn: &str, thing: &Thing<'_>, folder: &mut Folder<'_>) -> Result<(), RejectReason> {
    let metadata = thing.part("metadata").unwrap_or(Value::NULL);
    let account = folder.id.to_owned();
    let named = Arn::of(arn);
    folder.write(Source::Service, |draft| {
        let mut row = resource_policy::row(arn, draft)?;
        let told = [text(metadata, "region").into_owned(), text(metadata, "name").into_owned()];
        let [region, name] = told;
        if row.region.is_empty() {
            row.region = region;
        }
        // The name of an instance profile is its path there.
        if !name.is_empty() && named.service != "iam" {
            row.name = name;
        }
        let runs_as = RUNS_AS.iter().find(|(service, _)| *service == named.service);
        row.runs_as = runs_as.map(|(_, field)| text_at(metadata, &[field])).unwrap_or_default();
        row.tags = tags_of(thing)?;
        row.attributes = resource_policy::flags(thing.part("bpa").unwrap_or(Value::NULL));
        let audiences: Vec<_> = list(metadata, "audiences")?.map(|one| one.scalar().into_owned()).collect();
        if !audiences.is_empty() {
            row.attributes.insert(attribute::AUDIENCES.to_owned(), audiences.join(" "));
        }
        let mut sheet = draft.sheet(&account);
        sheet.export.resources.push(row);
        if let Some(policy) = thing.part("policy") {
            sheet.own(arn, "resource", Origin::Resource, Some(policy));
        }
        Ok(())
    })
}

fn tags_of(thing: &Thing<'_>) -> Result<std::collections::BTreeMap<String, String>, RejectReason> {
    let told = object(&[("Tags", thing.raw("tags"))]);
    tags(Value::new(&told), "Tags")
}

/// Reads what is shared by Resource Access Manager: a policy of each resource beside its own.
pub(super) fn shared(thing: &Thing<'_>, folder: &mut Folder<'_>) -> Result<(), RejectReason> {
    let account = folder.id.to_owned();
    for (name, share) in &thing.parts {
        let arn = arn_of(*share, &format!("{}/{name}", thing.place), folder.id)?;
        folder.write(Source::Service, |draft| {
            let row = resource_policy::row(&arn, draft)?;
            let mut sheet = draft.sheet(&account);
            sheet.export.resources.push(row);
            if let Some(policy) = get(*share, "policy").filter(|policy| policy.raw() != "null") {
                sheet.own(&arn, "inline:ram", Origin::Resource, Some(policy));
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Reads a permission set, a person, a group, or a membership.
pub(super) fn center(arn: &str, thing: &Thing<'_>, folder: &mut Folder<'_>) -> Result<(), RejectReason> {
    let metadata = thing.part("metadata").unwrap_or(Value::NULL);
    let Arn { service, resource, .. } = Arn::of(arn);
    let told = |fields: &[(&str, &str)]| -> String {
        let fields: Vec<_> = fields.iter().map(|(field, name)| (*field, raw(metadata, name))).collect();
        object(&fields)
    };
    let (list, made) = match (service, resource.split('/').next().unwrap_or_default()) {
        ("sso", "permissionSet") => ("PermissionSet", permission_set(metadata, thing)),
        ("identitystore", "user") => (
            "Users",
            told(&[
                ("IdentityStoreId", "identityStoreId"),
                ("UserId", "id"),
                ("UserName", "userName"),
                ("Emails", "emails"),
            ]),
        ),
        ("identitystore", "group") => (
            "Groups",
            told(&[
                ("IdentityStoreId", "identityStoreId"),
                ("GroupId", "id"),
                ("DisplayName", "displayName"),
            ]),
        ),
        ("identitystore", "membership") => {
            // Only people are members of groups.
            if at(metadata, &["memberId", "UserId"]).is_none() {
                return Ok(());
            }
            let fields =
                [("IdentityStoreId", "identityStoreId"), ("GroupId", "groupId"), ("MemberId", "memberId")];
            ("GroupMemberships", told(&fields))
        }
        // An instance says nothing that its permission sets do not.
        _ => return Ok(()),
    };
    let answer = if list == "PermissionSet" { made } else { format!("{{\"{list}\":[{made}]}}") };
    folder.write(Source::IdentityCenter, |draft| {
        arn.clone_into(&mut draft.beside.about);
        identity_center::read(&Top::of(Value::new(&answer)), draft)
    })
}

/// A permission set with all that it holds, as in one answer.
fn permission_set(metadata: Value<'_>, thing: &Thing<'_>) -> String {
    let itself = object(&[
        ("PermissionSetArn", raw(metadata, "arn")),
        ("Name", raw(metadata, "name")),
        ("Tags", thing.raw("tags")),
    ]);
    object(&[
        ("PermissionSet", &itself),
        ("AttachedManagedPolicies", thing.raw("awsmanagedpolicies")),
        ("CustomerManagedPolicyReferences", thing.raw("customermanagedpolicies")),
        ("InlinePolicy", thing.raw("inlinepolicy")),
        ("PermissionsBoundary", thing.raw("permissionboundary")),
    ])
}
