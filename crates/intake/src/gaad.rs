//! `get-account-authorization-details`: what exists in one account, and who holds which policy.
//!
//! An export is all or nothing: a page that is cut or lacks what it needs is one reject. Only a policy document
//! that does not parse is kept as it is and listed among the export's own rejects, while the rest goes on.

mod kind;
mod policy;

use std::collections::BTreeMap;
use std::ops::Range;

use doorward_model::hash::Hash16;
use doorward_model::identity::{Credential, CredentialKind, Identity};
use doorward_model::inventory::resource::{INSTANCE_PROFILE, Resource};
use doorward_model::inventory::{AccountExport, Entitlement, Group, Origin, PolicyDocument, Seen, Source};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::json::value::Value;

/// The pages of a source that have been read and not given out.
#[derive(Default)]
pub(crate) struct Pages {
    accounts: BTreeMap<String, AccountExport>,
    /// Where the first page began that has not been given out.
    start: Option<u64>,
    /// The account of the last page, to which a page without any name belongs.
    last: String,
}

/// A page while it is read.
struct Page<'a> {
    export: AccountExport,
    bytes: &'a Range<u64>,
}

impl Pages {
    /// Reads a page; nothing of it counts when a part of it cannot be read.
    pub(crate) fn add(&mut self, cleaned: &[u8], bytes: &Range<u64>) -> Result<(), RejectReason> {
        let text = std::str::from_utf8(cleaned)
            .map_err(|_| RejectReason::Encoding("the export is not UTF-8 text".to_owned()))?;
        let mut page = Page { export: AccountExport::default(), bytes };
        page.read(Value::new(text))?;
        if page.export.account.is_empty() {
            page.export.account.clone_from(&self.last);
        }
        self.last.clone_from(&page.export.account);
        self.start.get_or_insert(bytes.start);
        let known = self.accounts.entry(page.export.account.clone()).or_default();
        merge(known, page.export);
        Ok(())
    }

    /// Whether no page is missing of what has been read.
    pub(crate) fn complete(&self) -> bool {
        self.accounts.values().all(|export| export.complete)
    }

    /// Forgets pages that were read, because what follows them is broken; tells where the first began.
    pub(crate) fn discard(&mut self) -> Option<u64> {
        self.accounts.clear();
        self.start.take()
    }

    /// Gives out what has been read, in the name of its source.
    pub(crate) fn take(&mut self, source: &str) -> impl Iterator<Item = AccountExport> + use<> {
        self.start = None;
        let mut accounts = std::mem::take(&mut self.accounts);
        for reject in accounts.values_mut().flat_map(|export| &mut export.rejects) {
            source.clone_into(&mut reject.source);
        }
        accounts.into_values()
    }
}

fn merge(into: &mut AccountExport, page: AccountExport) {
    into.account = page.account;
    into.identities.extend(page.identities);
    into.groups.extend(page.groups);
    into.entitlements.extend(page.entitlements);
    into.policies.extend(page.policies);
    into.credentials.extend(page.credentials);
    into.resources.extend(page.resources);
    into.rejects.extend(page.rejects);
    into.newest_at_ms = into.newest_at_ms.max(page.newest_at_ms);
    into.complete = page.complete;
}

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

impl Page<'_> {
    fn read(&mut self, page: Value<'_>) -> Result<(), RejectReason> {
        // The last page of several looks like the only page of one: that pages before it are missing cannot be seen.
        let continues = |field: &str| !page.scalar_field(field).is_empty();
        self.export.complete =
            page.scalar_field("IsTruncated") != "true" && !continues("Marker") && !continues("NextToken");
        for user in list(page, USERS.list)? {
            self.user(user)?;
        }
        for group in list(page, GROUPS.list)? {
            self.group(group)?;
        }
        for role in list(page, ROLES.list)? {
            self.role(role)?;
        }
        for policy in list(page, "Policies")? {
            self.managed_policy(policy)?;
        }
        Ok(())
    }

    fn user(&mut self, user: Value<'_>) -> Result<(), RejectReason> {
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

    fn group(&mut self, group: Value<'_>) -> Result<(), RejectReason> {
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

    fn role(&mut self, role: Value<'_>) -> Result<(), RejectReason> {
        let mut identity = self.holder(role, &ROLES)?;
        if let Some(used) = role.field("RoleLastUsed") {
            identity.last_used_at_ms = self.date(used, "LastUsedDate");
        }
        if let Some(document) = role.field("AssumeRolePolicyDocument") {
            let trust = self.own(&identity.id, "trust", Origin::Trust, Some(document));
            identity.trusted = trust.map(policy::trusted).unwrap_or_default();
        }
        for profile in list(role, "InstanceProfileList")? {
            self.instance_profile(profile, &identity)?;
        }
        identity.kind = kind::of_role(&identity, &role.scalar_field("Path")) as i32;
        identity.peer_group = kind::role_peers(&identity.name);
        self.export.identities.push(identity);
        Ok(())
    }

    /// What users, groups and roles have in common, with what they hold.
    fn holder(&mut self, value: Value<'_>, form: &Form) -> Result<Identity, RejectReason> {
        let id = needed(value, "Arn", form.list)?;
        let account = id.split(':').nth(4).unwrap_or_default().to_owned();
        if self.export.account.is_empty() {
            self.export.account.clone_from(&account);
        }
        for inline in list(value, form.inline)? {
            let name = needed(inline, "PolicyName", form.inline)?;
            self.own(&id, &format!("inline:{name}"), Origin::Inline, inline.field("PolicyDocument"));
        }
        for attached in list(value, "AttachedManagedPolicies")? {
            let arn = needed(attached, "PolicyArn", "AttachedManagedPolicies")?;
            self.entitle(&id, &arn, Origin::Attached, None);
        }
        let boundary = value.path(&["PermissionsBoundary", "PermissionsBoundaryArn"]);
        if let Some(arn) = boundary.map(Value::scalar).filter(|arn| !arn.is_empty()) {
            self.entitle(&id, &arn, Origin::Boundary, None);
        }
        Ok(Identity {
            platform: "aws".to_owned(),
            account,
            name: needed(value, form.name, form.list)?,
            unique_id: value.scalar_field(form.id).into_owned(),
            created_at_ms: self.date(value, "CreateDate"),
            tags: tags(value)?,
            seen: Some(Seen::by(Source::Iam)),
            id,
            ..Identity::default()
        })
    }

    fn managed_policy(&mut self, policy: Value<'_>) -> Result<(), RejectReason> {
        let arn = needed(policy, "Arn", "Policies")?;
        let owner = arn.split(':').nth(4).unwrap_or_default();
        if self.export.account.is_empty() && owner != "aws" {
            owner.clone_into(&mut self.export.account);
        }
        self.date(policy, "UpdateDate");
        let default = policy.scalar_field("DefaultVersionId");
        let is_default = |version: &Value<'_>| {
            version.scalar_field("IsDefaultVersion") == "true"
                || (!default.is_empty() && version.scalar_field("VersionId") == default)
        };
        for version in list(policy, "PolicyVersionList")? {
            let Some(document) = version.field("Document") else { continue };
            let id = version.scalar_field("VersionId");
            let name =
                if is_default(&version) { arn.clone() } else { PolicyDocument::version_name(&arn, &id) };
            self.document(&name, document, &id);
        }
        Ok(())
    }

    fn instance_profile(&mut self, profile: Value<'_>, role: &Identity) -> Result<(), RejectReason> {
        let created_at_ms = self.date(profile, "CreateDate");
        self.export.resources.push(Resource {
            id: needed(profile, "Arn", "InstanceProfileList")?,
            kind: INSTANCE_PROFILE.to_owned(),
            account: role.account.clone(),
            name: profile.scalar_field("InstanceProfileName").into_owned(),
            runs_as: role.id.clone(),
            created_at_ms,
            seen: role.seen,
            ..Resource::default()
        });
        Ok(())
    }

    fn entitle(&mut self, holder: &str, policy: &str, origin: Origin, document: Option<Hash16>) {
        self.export.entitlements.push(Entitlement {
            holder: holder.to_owned(),
            policy: policy.to_owned(),
            origin: origin.into(),
            document: document.map(|hash| hash.0.to_vec()).unwrap_or_default(),
            seen: Some(Seen::by(Source::Iam)),
        });
    }

    /// A policy that is a part of its holder, with its document; gives the text of that when it parses.
    fn own(
        &mut self,
        holder: &str,
        policy: &str,
        origin: Origin,
        document: Option<Value<'_>>,
    ) -> Option<&str> {
        let known = document.map(|document| self.document(&format!("{holder} {policy}"), document, ""));
        self.entitle(holder, policy, origin, known.map(|(hash, _)| hash));
        let (_, parses) = known?;
        self.export.policies.last().filter(|_| parses).map(|document| document.text.as_str())
    }

    /// Keeps a document under its name; gives its hash, and whether it parses.
    fn document(&mut self, name: &str, document: Value<'_>, version: &str) -> (Hash16, bool) {
        let (mut kept, reject) = policy::document(name, document, self.bytes);
        version.clone_into(&mut kept.version);
        kept.seen = Some(Seen::by(Source::Iam));
        let known = (kept.hash, reject.is_none());
        self.export.policies.push(kept);
        self.export.rejects.extend(reject);
        known
    }

    /// Reads a date and remembers the newest.
    fn date(&mut self, value: Value<'_>, field: &str) -> i64 {
        let at = Time::parse(&value.scalar_field(field)).map_or(0, Time::ms);
        self.export.newest_at_ms = self.export.newest_at_ms.max(at);
        at
    }
}

/// The items of a list, which may be absent or null, but not something else.
fn list<'a>(value: Value<'a>, name: &str) -> Result<impl Iterator<Item = Value<'a>> + use<'a>, RejectReason> {
    match value.field(name) {
        None => Ok(Value::NULL.items()),
        Some(list) if list.raw().starts_with('[') || list.raw() == "null" => Ok(list.items()),
        Some(_) => Err(RejectReason::Field(format!("{name} of the export is no list"))),
    }
}

fn needed(value: Value<'_>, name: &str, of: &str) -> Result<String, RejectReason> {
    match value.scalar_field(name) {
        text if text.is_empty() => {
            Err(RejectReason::Field(format!("{name} is missing in {of} of the export")))
        }
        text => Ok(text.into_owned()),
    }
}

fn tags(value: Value<'_>) -> Result<BTreeMap<String, String>, RejectReason> {
    let pair =
        |tag: Value<'_>| (tag.scalar_field("Key").into_owned(), tag.scalar_field("Value").into_owned());
    Ok(list(value, "Tags")?.map(pair).collect())
}
