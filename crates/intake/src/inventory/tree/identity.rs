//! Users, groups, roles and managed policies, put together into what `get-account-authorization-details` answers.

use doorward_model::inventory::{Origin, Source};
use doorward_model::reject::RejectReason;

use crate::inventory::aws::Arn;
use crate::inventory::tree::compose::{NOTHING, list, name_in, object, raw};
use crate::inventory::tree::{Folder, Thing};
use crate::inventory::whole::Uses;
use crate::json::value::Value;

/// What has been put together.
#[derive(Default)]
pub(super) struct Identities {
    users: Vec<String>,
    groups: Vec<String>,
    roles: Vec<String>,
    policies: Vec<String>,
    /// Roles of which nobody tells whom they trust.
    unclear: Vec<String>,
}

impl Identities {
    /// Takes a thing of IAM, if it is one of these.
    pub(super) fn take(&mut self, arn: &str, thing: &Thing<'_>, folder: &mut Folder<'_>) -> bool {
        let metadata = thing.part("metadata").unwrap_or(Value::NULL);
        let is = |kind: &str| Arn::of(arn).resource.starts_with(kind);
        if is("user/") {
            let groups = list(thing.raw("groups"), name_in);
            let own = [("UserName", "name"), ("UserId", "id")];
            self.users.push(holder(metadata, own, "UserPolicyList", thing, &[("GroupList", &groups)]));
        } else if is("group/") {
            let own = [("GroupName", "name"), ("GroupId", "id")];
            self.groups.push(holder(metadata, own, "GroupPolicyList", thing, &[]));
        } else if is("role/") {
            if thing.part("trust-policy").is_none() {
                folder.misses("trust-policy", thing.place);
                self.unclear.push(arn.to_owned());
            }
            self.roles.push(role(metadata, thing));
        } else if is("policy/") {
            self.policies.push(policy(metadata, thing, folder));
        } else {
            return false;
        }
        true
    }

    /// Reads all of them, and tells which of those that they name are not there.
    pub(super) fn read(self, folder: &mut Folder<'_>) -> Result<(), RejectReason> {
        let Self { users, groups, roles, policies, unclear } = self;
        let account = folder.id.to_owned();
        let mut uses = Uses::default();
        folder.write(Source::Iam, |draft| {
            if users.is_empty() && groups.is_empty() && roles.is_empty() && policies.is_empty() {
                return Ok(());
            }
            let mut sheet = draft.sheet(&account);
            sheet.export.account.clone_from(&account);
            users.iter().try_for_each(|one| sheet.user(Value::new(one)))?;
            groups.iter().try_for_each(|one| sheet.group(Value::new(one)))?;
            roles.iter().try_for_each(|one| sheet.role(Value::new(one)))?;
            // A policy without its document is unknown.
            unclear.iter().for_each(|role| sheet.entitle(role, "trust", Origin::Trust, None));
            policies.iter().try_for_each(|one| {
                uses.add(Value::new(one));
                sheet.managed_policy(Value::new(one))
            })
        })?;
        if !folder.iam.identities.is_empty() {
            folder.missing.extend(uses.missed(&folder.iam));
        }
        Ok(())
    }
}

/// What users, groups and roles have in common.
fn holder(
    metadata: Value<'_>,
    own: [(&str, &str); 2],
    inline: &str,
    thing: &Thing<'_>,
    more: &[(&str, &str)],
) -> String {
    let attached = list(thing.raw("managed-policies"), |arn| object(&[("PolicyArn", arn)]));
    let limit = raw(metadata, "permissionBoundary");
    let limit =
        if limit == NOTHING { NOTHING.to_owned() } else { object(&[("PermissionsBoundaryArn", limit)]) };
    let mut fields = vec![
        ("Arn", raw(metadata, "arn")),
        ("Path", raw(metadata, "path")),
        ("CreateDate", raw(metadata, "created")),
        (inline, thing.raw("inline-policies")),
        ("AttachedManagedPolicies", &*attached),
        ("PermissionsBoundary", &*limit),
        ("Tags", thing.raw("tags")),
    ];
    fields.extend(own.map(|(field, name)| (field, raw(metadata, name))));
    fields.extend(more);
    object(&fields)
}

fn role(metadata: Value<'_>, thing: &Thing<'_>) -> String {
    let profiles = list(thing.raw("instance-profiles"), |arn| {
        object(&[("Arn", arn), ("InstanceProfileName", &name_in(arn))])
    });
    let own = [("RoleName", "name"), ("RoleId", "id")];
    let more = [("AssumeRolePolicyDocument", thing.raw("trust-policy")), ("InstanceProfileList", &profiles)];
    holder(metadata, own, "RolePolicyList", thing, &more)
}

/// A managed policy. Only the version that is in force is there.
fn policy(metadata: Value<'_>, thing: &Thing<'_>, folder: &mut Folder<'_>) -> String {
    let (document, default) = (thing.raw("current-policy"), raw(metadata, "defaultVersionId"));
    if document == NOTHING {
        folder.misses("current-policy", thing.place);
    }
    let version = object(&[("VersionId", default), ("IsDefaultVersion", "true"), ("Document", document)]);
    object(&[
        ("Arn", raw(metadata, "arn")),
        ("DefaultVersionId", default),
        ("PermissionsBoundaryUsageCount", raw(metadata, "permissionsBoundaryUsageCount")),
        ("UpdateDate", raw(metadata, "updateDate")),
        ("PolicyVersionList", &format!("[{version}]")),
    ])
}
