//! IAM: users, roles, groups, policies, credentials, instance profiles and providers.
//!
//! Sources: "Logging IAM and AWS STS API calls with AWS CloudTrail" and the IAM API reference. Requests name users,
//! roles and groups without their paths, and answers to most writes are empty.

use std::collections::BTreeMap;

use doorward_model::identity::{Credential, CredentialKind, CredentialState};
use doorward_model::inventory::Origin;
use doorward_model::inventory::resource::Resource;

use crate::change::record::{Reader, Record, Unclear, document_in, needed, shown};
use crate::change::workload::{put, whole};
use crate::change::{Change, EXISTS, Holder};
use crate::inventory::aws::{Arn, get, list, tags, text};
use crate::inventory::workload::PROFILE;

#[rustfmt::skip]
pub(super) const ACTIONS: &[(&str, Reader)] = &[
    ("CreateUser", |record| created(record, USER)),
    ("CreateRole", |record| created(record, ROLE)),
    ("CreateServiceLinkedRole", |record| created(record, ROLE)),
    ("CreateGroup", |record| created(record, GROUP)),
    ("DeleteUser", |record| gone(record, USER)),
    ("DeleteRole", |record| gone(record, ROLE)),
    ("DeleteServiceLinkedRole", |record| gone(record, ROLE)),
    ("DeleteGroup", |record| gone(record, GROUP)),
    ("UpdateUser", |record| renamed(record, USER, ["newUserName", "newPath"])),
    ("UpdateGroup", |record| renamed(record, GROUP, ["newGroupName", "newPath"])),
    ("PutUserPolicy", |record| inline(record, USER)),
    ("PutRolePolicy", |record| inline(record, ROLE)),
    ("PutGroupPolicy", |record| inline(record, GROUP)),
    ("DeleteUserPolicy", |record| inline_gone(record, USER)),
    ("DeleteRolePolicy", |record| inline_gone(record, ROLE)),
    ("DeleteGroupPolicy", |record| inline_gone(record, GROUP)),
    ("AttachUserPolicy", |record| attached(record, USER)),
    ("AttachRolePolicy", |record| attached(record, ROLE)),
    ("AttachGroupPolicy", |record| attached(record, GROUP)),
    ("DetachUserPolicy", |record| detached(record, USER)),
    ("DetachRolePolicy", |record| detached(record, ROLE)),
    ("DetachGroupPolicy", |record| detached(record, GROUP)),
    ("PutUserPermissionsBoundary", |record| bounded(record, USER)),
    ("PutRolePermissionsBoundary", |record| bounded(record, ROLE)),
    ("DeleteUserPermissionsBoundary", |record| unbounded(record, USER)),
    ("DeleteRolePermissionsBoundary", |record| unbounded(record, ROLE)),
    ("UpdateAssumeRolePolicy", trust),
    ("CreatePolicy", policy),
    ("CreatePolicyVersion", version),
    ("SetDefaultPolicyVersion", in_force),
    ("DeletePolicyVersion", version_gone),
    ("DeletePolicy", policy_gone),
    ("AddUserToGroup", |record| member(record, true)),
    ("RemoveUserFromGroup", |record| member(record, false)),
    ("CreateAccessKey", access_key),
    ("UpdateAccessKey", access_key_state),
    ("DeleteAccessKey", access_key_gone),
    ("CreateLoginProfile", |record| password(record, false)),
    ("UpdateLoginProfile", |record| password(record, true)),
    ("DeleteLoginProfile", password_gone),
    ("EnableMFADevice", |record| second_factor(record, CredentialState::Active)),
    ("DeactivateMFADevice", |record| second_factor(record, CredentialState::Inactive)),
    ("CreateInstanceProfile", profile),
    ("DeleteInstanceProfile", profile_gone),
    ("AddRoleToInstanceProfile", profile_role),
    ("RemoveRoleFromInstanceProfile", profile_role_gone),
    ("TagUser", |record| tagged(record, USER)),
    ("TagRole", |record| tagged(record, ROLE)),
    ("UntagUser", |record| untagged(record, USER)),
    ("UntagRole", |record| untagged(record, ROLE)),
    ("CreateOpenIDConnectProvider", |record| provider(record, &OIDC)),
    ("CreateSAMLProvider", |record| provider(record, &SAML)),
    ("UpdateSAMLProvider", |record| provider(record, &SAML)),
    ("UpdateOpenIDConnectProviderThumbprint", |record| provider(record, &OIDC)),
    ("AddClientIDToOpenIDConnectProvider", |record| provider(record, &OIDC)),
    ("DeleteOpenIDConnectProvider", |record| provider_gone(record, &OIDC)),
    ("DeleteSAMLProvider", |record| provider_gone(record, &SAML)),
];

/// What differs between users, roles and groups: the word in ARNs and the parameter that names one.
type Kind = (&'static str, &'static str);

const USER: Kind = ("user", "userName");
const ROLE: Kind = ("role", "roleName");
const GROUP: Kind = ("group", "groupName");

fn holder(record: &Record<'_>, (kind, parameter): Kind) -> Result<Holder, Unclear> {
    record.named(kind, parameter)
}

/// The user that a request is about. A user may leave itself unnamed.
fn user(record: &Record<'_>) -> Result<Holder, Unclear> {
    let actor = &record.event.actor;
    let name = record.asked("userName");
    if name.is_empty() || name == actor.user_name {
        let own = if actor.issuer_arn.is_empty() { &actor.arn } else { &actor.issuer_arn };
        if own.contains(":iam::") && (own.contains(":user/") || own.ends_with(":root")) {
            return Ok(Holder::of(own.clone()));
        }
    }
    holder(record, USER)
}

/// The answer shows all of it, as an export does.
fn created(record: &mut Record<'_>, (kind, parameter): Kind) -> Result<(), Unclear> {
    let shown = get(record.response, kind).filter(|shown| !text(*shown, "arn").is_empty());
    let Some(shown) = shown else {
        let name = record.needed(parameter)?;
        let path = record.asked("path");
        let path = if path.is_empty() { "/" } else { &path };
        let id = format!("arn:{}:iam::{}:{kind}{path}{name}", record.partition(), record.event.account);
        record.changes.push(Change::Exists(Holder::of(id.clone())));
        return limited(record, kind, id);
    };
    let id = text(shown, "arn").into_owned();
    let account = Arn::of(&id).account.to_owned();
    let mut sheet = record.draft.sheet(&account);
    match kind {
        "user" => sheet.user(shown)?,
        "role" => sheet.role(shown)?,
        _ => sheet.group(shown)?,
    }
    let is_trust_shown = get(shown, "assumeRolePolicyDocument").is_some();
    if is_trust_shown { boundary(record, id) } else { limited(record, kind, id) }
}

/// The trust policy and the boundary, where only the request tells them.
fn limited(record: &mut Record<'_>, kind: &str, id: String) -> Result<(), Unclear> {
    if kind == "role" {
        let document = document_in(record.request, "assumeRolePolicyDocument");
        record.own(Holder::of(id.clone()), "trust".to_owned(), Origin::Trust, document);
    }
    boundary(record, id)
}

fn boundary(record: &mut Record<'_>, id: String) -> Result<(), Unclear> {
    let policy = record.asked("permissionsBoundary");
    if !policy.is_empty() {
        let holder = Holder::of(id);
        record.changes.push(Change::Held { holder, policy, origin: Origin::Boundary });
    }
    Ok(())
}

fn gone(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let holder = holder(record, kind)?;
    record.changes.push(Change::Gone(holder));
    Ok(())
}

fn renamed(record: &mut Record<'_>, kind: Kind, names: [&str; 2]) -> Result<(), Unclear> {
    let from = holder(record, kind)?;
    let [name, path] = names.map(|name| record.asked(name));
    if !name.is_empty() || !path.is_empty() {
        record.changes.push(Change::Renamed { from, name, path });
    }
    Ok(())
}

fn inline(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let (holder, name) = (holder(record, kind)?, record.needed("policyName")?);
    let document = document_in(record.request, "policyDocument");
    record.own(holder, format!("inline:{name}"), Origin::Inline, document);
    Ok(())
}

fn inline_gone(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let (holder, name) = (holder(record, kind)?, record.needed("policyName")?);
    let policy = format!("inline:{name}");
    record.changes.push(Change::OwnGone { holder, policy, origin: Origin::Inline });
    Ok(())
}

fn attached(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let (holder, policy) = (holder(record, kind)?, record.needed("policyArn")?);
    record.changes.push(Change::Held { holder, policy, origin: Origin::Attached });
    Ok(())
}

fn detached(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let (holder, policy) = (holder(record, kind)?, Some(record.needed("policyArn")?));
    record.changes.push(Change::NotHeld { holder, policy, origin: Origin::Attached });
    Ok(())
}

fn bounded(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let (holder, policy) = (holder(record, kind)?, record.needed("permissionsBoundary")?);
    record.changes.push(Change::Held { holder, policy, origin: Origin::Boundary });
    Ok(())
}

fn unbounded(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let holder = holder(record, kind)?;
    record.changes.push(Change::NotHeld { holder, policy: None, origin: Origin::Boundary });
    Ok(())
}

fn trust(record: &mut Record<'_>) -> Result<(), Unclear> {
    let holder = holder(record, ROLE)?;
    let document = document_in(record.request, "policyDocument");
    record.own(holder, "trust".to_owned(), Origin::Trust, document);
    Ok(())
}

fn policy(record: &mut Record<'_>) -> Result<(), Unclear> {
    let shown_policy = get(record.response, "policy");
    let arn = shown_policy.map(|policy| text(policy, "arn").into_owned()).unwrap_or_default();
    let policy = if arn.is_empty() {
        let (name, path) = (record.needed("policyName")?, record.asked("path"));
        let path = if path.is_empty() { "/" } else { &path };
        format!("arn:{}:iam::{}:policy{path}{name}", record.partition(), record.event.account)
    } else {
        arn
    };
    let version = shown_policy.map(|policy| text(policy, "defaultVersionId").into_owned());
    let version = version.filter(|version| !version.is_empty()).unwrap_or_else(|| "v1".to_owned());
    let text = Some(shown(document_in(record.request, "policyDocument")));
    record.changes.push(Change::Version { policy, version, text, in_force: true });
    Ok(())
}

fn version(record: &mut Record<'_>) -> Result<(), Unclear> {
    let policy = record.needed("policyArn")?;
    let made = get(record.response, "policyVersion");
    let told = |name| made.map(|made| text(made, name).into_owned()).unwrap_or_default();
    let version = told("versionId");
    let in_force = record.asked("setAsDefault") == "true" || told("isDefaultVersion") == "true";
    if version.is_empty() && !in_force {
        return Err(Unclear("versionId is missing in the answer".to_owned()));
    }
    let text = Some(shown(document_in(record.request, "policyDocument")));
    record.changes.push(Change::Version { policy, version, text, in_force });
    Ok(())
}

fn in_force(record: &mut Record<'_>) -> Result<(), Unclear> {
    let (policy, version) = (record.needed("policyArn")?, record.needed("versionId")?);
    record.changes.push(Change::Version { policy, version, text: None, in_force: true });
    Ok(())
}

fn version_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let (policy, version) = (record.needed("policyArn")?, record.needed("versionId")?);
    record.changes.push(Change::VersionGone { policy, version });
    Ok(())
}

fn policy_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let policy = record.needed("policyArn")?;
    record.changes.push(Change::PolicyGone { policy });
    Ok(())
}

fn member(record: &mut Record<'_>, is_member: bool) -> Result<(), Unclear> {
    let (user, group) = (holder(record, USER)?, record.needed("groupName")?);
    record.changes.push(Change::Member { user, group, is_member });
    Ok(())
}

fn access_key(record: &mut Record<'_>) -> Result<(), Unclear> {
    let made = get(record.response, "accessKey").unwrap_or(record.response);
    let id = needed(made, "accessKeyId", "the answer")?;
    let name = text(made, "userName").into_owned();
    let holder = match user(record) {
        Ok(holder) => holder,
        Err(_) if !name.is_empty() => record.called("user", &name),
        Err(unclear) => return Err(unclear),
    };
    let active = text(made, "status") != "Inactive";
    let state = if active { CredentialState::Active } else { CredentialState::Inactive };
    let created_at_ms = record.event.happened_at_ms;
    credential(record, holder, Credential { created_at_ms, ..key(id, state) });
    Ok(())
}

fn key(id: String, state: CredentialState) -> Credential {
    let kind = CredentialKind::AccessKey.into();
    Credential { id, kind, state: state.into(), ..Credential::default() }
}

fn credential(record: &mut Record<'_>, holder: Holder, credential: Credential) {
    record.changes.push(Change::Credential { holder, credential: Box::new(credential) });
}

fn access_key_state(record: &mut Record<'_>) -> Result<(), Unclear> {
    let (holder, id) = (user(record)?, record.needed("accessKeyId")?);
    let state = match &*record.needed("status")? {
        "Active" => CredentialState::Active,
        "Inactive" => CredentialState::Inactive,
        _ => CredentialState::Unknown,
    };
    credential(record, holder, key(id, state));
    Ok(())
}

fn access_key_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let id = record.needed("accessKeyId")?;
    let holder = user(record).unwrap_or_else(|_| Holder::of(""));
    record.changes.push(Change::CredentialGone { holder, id });
    Ok(())
}

fn password(record: &mut Record<'_>, is_new_value: bool) -> Result<(), Unclear> {
    let holder = user(record)?;
    let at_ms = record.event.happened_at_ms;
    let (created_at_ms, rotated_at_ms) = if is_new_value { (0, at_ms) } else { (at_ms, at_ms) };
    let state = CredentialState::Active.into();
    let kind = CredentialKind::Password.into();
    let id = "password".to_owned();
    let told = Credential { id, kind, state, created_at_ms, rotated_at_ms, ..Credential::default() };
    credential(record, holder, told);
    Ok(())
}

/// That there is no password is told as the credential report does.
fn password_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let holder = user(record)?;
    let (kind, state) = (CredentialKind::Password.into(), CredentialState::Inactive.into());
    credential(record, holder, Credential { id: "password".into(), kind, state, ..Credential::default() });
    Ok(())
}

fn second_factor(record: &mut Record<'_>, state: CredentialState) -> Result<(), Unclear> {
    let holder = user(record)?;
    let (kind, state) = (CredentialKind::SecondFactor.into(), state.into());
    credential(
        record,
        holder,
        Credential { id: "second-factor".into(), kind, state, ..Credential::default() },
    );
    Ok(())
}

fn profile(record: &mut Record<'_>) -> Result<(), Unclear> {
    if let Some(made) = get(record.response, "instanceProfile") {
        let row = whole(record, &PROFILE, made)?;
        // IAM is in no region.
        put(record, Resource { region: String::new(), ..row }, "");
        return Ok(());
    }
    let holder = record.named("instance-profile", "instanceProfileName")?;
    record.changes.push(Change::Exists(holder));
    Ok(())
}

fn profile_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    gone(record, ("instance-profile", "instanceProfileName"))
}

fn profile_role(record: &mut Record<'_>) -> Result<(), Unclear> {
    let profile = record.named("instance-profile", "instanceProfileName")?;
    let role = holder(record, ROLE)?;
    let row = Resource {
        id: profile.id,
        kind: PROFILE.kind.to_owned(),
        account: record.event.account.clone(),
        name: record.asked("instanceProfileName"),
        ..Resource::default()
    };
    let role = Some(role);
    record.changes.push(Change::Resource { row: Box::new(row), part: "runs_as", role });
    Ok(())
}

fn profile_role_gone(record: &mut Record<'_>) -> Result<(), Unclear> {
    let profile = record.named("instance-profile", "instanceProfileName")?;
    record.changes.push(Change::RunsAsNobody(profile));
    Ok(())
}

fn tagged(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let (holder, set) = (holder(record, kind)?, tags(record.request, "tags")?);
    record.changes.push(Change::Tagged { holder, set, unset: Vec::new() });
    Ok(())
}

fn untagged(record: &mut Record<'_>, kind: Kind) -> Result<(), Unclear> {
    let holder = holder(record, kind)?;
    let unset = list(record.request, "tagKeys")?.map(|key| key.scalar().into_owned()).collect();
    record.changes.push(Change::Tagged { holder, set: BTreeMap::new(), unset });
    Ok(())
}

/// How a provider of identities is named: its type, and the field of its ARN.
struct Provider {
    kind: &'static str,
    arn: &'static str,
}

const OIDC: Provider = Provider { kind: "iam:oidc-provider", arn: "openIDConnectProviderArn" };
const SAML: Provider = Provider { kind: "iam:saml-provider", arn: "sAMLProviderArn" };

fn provider(record: &mut Record<'_>, provider: &Provider) -> Result<(), Unclear> {
    let asked = record.asked(provider.arn);
    let id = if asked.is_empty() { needed(record.response, provider.arn, "the answer")? } else { asked };
    let name = Arn::of(&id).name().to_owned();
    let account = Arn::of(&id).account.to_owned();
    let row = Resource { id, kind: provider.kind.to_owned(), account, name, ..Resource::default() };
    let is_new = record.event.action.starts_with("Create");
    record.resource(row, if is_new { "" } else { EXISTS });
    Ok(())
}

fn provider_gone(record: &mut Record<'_>, provider: &Provider) -> Result<(), Unclear> {
    let arn = record.needed(provider.arn)?;
    record.changes.push(Change::Gone(Holder::of(arn)));
    Ok(())
}
