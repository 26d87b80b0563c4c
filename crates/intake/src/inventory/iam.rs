//! Users, groups, roles and managed policies, as IAM and AWS Config tell them.

pub(super) mod answer;
pub(crate) mod kind;
mod last_use;
mod policy;

use doorward_model::identity::{Credential, CredentialKind, Identity};
use doorward_model::inventory::resource::{INSTANCE_PROFILE, Resource};
use doorward_model::inventory::{Group, Origin, PolicyDocument};
use doorward_model::reject::RejectReason;

use crate::inventory::aws::{Arn, at, get, list, needed, tags, text};
use crate::inventory::document;
use crate::inventory::draft::Sheet;
use crate::json::value::Value;

/// What differs between users, groups and roles.
struct Form {
    list: &'static str,
    name: &'static str,
    id: &'static str,
    inline: &'static str,
}

const USERS: Form = Form { list: "UserDetailList", name: "UserName", id: "UserId", inline: "UserPolicyList" };
const GROUPS: Form =
    Form { list: "GroupDetailList", name: "GroupName", id: "GroupId", inline: "GroupPolicyList" };
const ROLES: Form = Form { list: "RoleDetailList", name: "RoleName", id: "RoleId", inline: "RolePolicyList" };

impl Sheet<'_> {
    /// A user with what it holds.
    pub(crate) fn user(&mut self, user: Value<'_>) -> Result<(), RejectReason> {
        let mut identity = self.holder(user, &USERS)?;
        identity.groups = list(user, "GroupList")?.map(|group| group.scalar().into_owned()).collect();
        identity.last_used_at_ms = self.date(user, "PasswordLastUsed");
        identity.kind = kind::of_user(&identity) as i32;
        identity.peer_group = kind::user_peers(&identity);
        if identity.last_used_at_ms != 0 {
            self.password(&identity);
        }
        self.export.identities.push(identity);
        Ok(())
    }

    /// What limits a user, and that it has a password, of an answer that does not tell who it is in whole.
    pub(crate) fn limit_of_user(&mut self, user: Value<'_>) -> Result<(), RejectReason> {
        let mut identity = self.holder(user, &USERS)?;
        identity.last_used_at_ms = self.date(user, "PasswordLastUsed");
        if identity.last_used_at_ms != 0 {
            self.password(&identity);
        }
        Ok(())
    }

    /// A group with what it holds.
    pub(crate) fn group(&mut self, group: Value<'_>) -> Result<(), RejectReason> {
        let identity = self.holder(group, &GROUPS)?;
        self.export.groups.push(Group {
            id: identity.id,
            name: identity.name,
            account: identity.account,
            unique_id: identity.unique_id,
            created_at_ms: identity.created_at_ms,
            seen: identity.seen,
        });
        Ok(())
    }

    /// Whoever has used a password has one. Of others the export does not tell.
    fn password(&mut self, user: &Identity) {
        self.export.credentials.push(Credential {
            id: format!("password:{}", user.id),
            kind: CredentialKind::Password.into(),
            identity: user.id.clone(),
            last_used_at_ms: user.last_used_at_ms,
            seen: user.seen,
            ..Credential::default()
        });
    }

    /// A role with what it holds, whom it trusts, and the instance profiles that stand for it.
    pub(crate) fn role(&mut self, role: Value<'_>) -> Result<(), RejectReason> {
        let mut identity = self.holder(role, &ROLES)?;
        if let Some(used) = get(role, "RoleLastUsed") {
            identity.last_used_at_ms = self.date(used, "LastUsedDate");
        }
        if let Some(document) = get(role, "AssumeRolePolicyDocument") {
            let trust = self.own(&identity.id, "trust", Origin::Trust, Some(document));
            identity.trusted = trust.map(document::trusted).unwrap_or_default();
        }
        for profile in list(role, "InstanceProfileList")? {
            self.instance_profile(profile, &identity)?;
        }
        identity.kind = kind::of_role(&identity, &text(role, "Path")) as i32;
        identity.peer_group = kind::role_peers(&identity.name);
        self.export.identities.push(identity);
        Ok(())
    }

    /// What users, groups and roles have in common, with what they hold.
    fn holder(&mut self, value: Value<'_>, form: &Form) -> Result<Identity, RejectReason> {
        let id = needed(value, "Arn", form.list)?;
        let account = Arn::of(&id).account.to_owned();
        if self.export.account.is_empty() {
            self.export.account.clone_from(&account);
        }
        for inline in list(value, form.inline)? {
            let name = needed(inline, "PolicyName", form.inline)?;
            self.own(&id, &format!("inline:{name}"), Origin::Inline, get(inline, "PolicyDocument"));
        }
        for attached in list(value, "AttachedManagedPolicies")? {
            let arn = needed(attached, "PolicyArn", "AttachedManagedPolicies")?;
            self.entitle(&id, &arn, Origin::Attached, None);
        }
        let boundary = at(value, &["PermissionsBoundary", "PermissionsBoundaryArn"]);
        if let Some(arn) = boundary.map(Value::scalar).filter(|arn| !arn.is_empty()) {
            self.entitle(&id, &arn, Origin::Boundary, None);
        }
        Ok(Identity {
            platform: "aws".to_owned(),
            account,
            name: needed(value, form.name, form.list)?,
            unique_id: text(value, form.id).into_owned(),
            created_at_ms: self.date(value, "CreateDate"),
            tags: tags(value, "Tags")?,
            seen: Some(self.seen),
            id,
            ..Identity::default()
        })
    }

    /// A managed policy in all versions.
    pub(super) fn managed_policy(&mut self, policy: Value<'_>) -> Result<(), RejectReason> {
        let arn = needed(policy, "Arn", "Policies")?;
        let owner = Arn::of(&arn).account;
        if self.export.account.is_empty() && owner != "aws" {
            owner.clone_into(&mut self.export.account);
        }
        self.date(policy, "UpdateDate");
        let default = text(policy, "DefaultVersionId");
        let is_default = |version: Value<'_>| {
            text(version, "IsDefaultVersion") == "true"
                || (!default.is_empty() && text(version, "VersionId") == default)
        };
        let versions: Vec<Value<'_>> = list(policy, "PolicyVersionList")?.collect();
        let in_force = versions.iter().position(|version| is_default(*version));
        for (place, version) in versions.iter().enumerate() {
            let Some(document) = get(*version, "Document") else { continue };
            let id = text(*version, "VersionId");
            let name = match in_force {
                Some(in_force) if in_force == place => arn.clone(),
                _ => PolicyDocument::version_name(&arn, &id),
            };
            self.document(&name, document, &id);
        }
        if in_force.is_none() && !versions.is_empty() {
            let said =
                format!("{arn}: none of its versions is the default, so that nobody can tell what it allows");
            self.export.rejects.push(document::rejected(said, policy.raw(), self.bytes));
        }
        Ok(())
    }

    fn instance_profile(&mut self, profile: Value<'_>, role: &Identity) -> Result<(), RejectReason> {
        let created_at_ms = self.date(profile, "CreateDate");
        self.export.resources.push(Resource {
            id: needed(profile, "Arn", "InstanceProfileList")?,
            kind: INSTANCE_PROFILE.to_owned(),
            account: role.account.clone(),
            name: text(profile, "InstanceProfileName").into_owned(),
            runs_as: role.id.clone(),
            created_at_ms,
            seen: role.seen,
            ..Resource::default()
        });
        Ok(())
    }
}
