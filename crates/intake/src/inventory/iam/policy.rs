//! Single answers of IAM about one role, user or policy: who it is, and what it holds. Such an answer says nothing of what
//! it does not name. Sources: the pages "GetRole", "GetUser", "GetRolePolicy", "ListRolePolicies",
//! "ListAttachedRolePolicies", "GetPolicyVersion" and their like of the IAM API reference.

use doorward_model::inventory::{Origin, PolicyDocument};
use doorward_model::reject::RejectReason;

use crate::inventory::aws::{Arn, get, list, needed, text};
use crate::inventory::draft::Draft;
use crate::inventory::form::Top;
use crate::json::value::Value;

/// Whether a value is a policy that is a part of its holder.
pub(super) fn is_inline(top: &Top<'_>) -> bool {
    let has = |name: &&str| top.get(name).is_some();
    has(&"PolicyName") && has(&"PolicyDocument") && HOLDERS.iter().any(|(name, _)| has(name))
}

/// A role, with whom it trusts and what limits it.
pub(super) fn role(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let role = get(answer, "Role").unwrap_or(Value::NULL);
    let account = draft.account_of(&needed(role, "Arn", "Role")?)?;
    draft.sheet(&account).role(role)
}

/// A user. The answer does not name its groups, so it does not stand for who the user is.
pub(super) fn user(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let user = get(answer, "User").unwrap_or(Value::NULL);
    let account = draft.account_of(&needed(user, "Arn", "User")?)?;
    draft.sheet(&account).limit_of_user(user)
}

/// A policy that is a part of its holder.
pub(super) fn inline(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let holder = holder(draft)?;
    let named = HOLDERS.iter().find_map(|(field, kind)| Some((get(answer, field)?.scalar(), *kind)));
    if let Some((name, kind)) = named {
        let resource = Arn::of(&holder).resource;
        if Arn::of(&holder).name() != name || !resource.starts_with(kind) {
            let said = format!("the answer is of {kind}{name}, and \"about\" names {holder}");
            return Err(RejectReason::Field(said));
        }
    }
    let name = format!("inline:{}", needed(answer, "PolicyName", "an inline policy")?);
    let account = draft.account_of(&holder)?;
    draft.sheet(&account).own(&holder, &name, Origin::Inline, get(answer, "PolicyDocument"));
    Ok(())
}

/// Whether a value names policies that are parts of their holder, and nothing else.
pub(super) fn is_names(top: &Top<'_>) -> bool {
    let is_list =
        |names: Value<'_>| names.raw().starts_with('[') && names.items().all(|name| name.text().is_some());
    top.get("PolicyNames").is_some_and(is_list) && top.is_only("PolicyNames")
}

/// That somebody has policies of these names. What they say, this answer does not tell: until another one does, it is
/// unknown.
pub(super) fn names(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    // Keys name theirs in the same way, and what they say stands in an answer of its own.
    if Arn::of(&draft.beside.about).service == "kms" {
        return Ok(());
    }
    let holder = holder(draft)?;
    let account = draft.account_of(&holder)?;
    for name in list(answer, "PolicyNames")? {
        let name = format!("inline:{}", name.scalar());
        draft.sheet(&account).entitle(&holder, &name, Origin::Inline, None);
    }
    Ok(())
}

/// Managed policies that somebody holds.
pub(super) fn attached(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    for policy in list(answer, "AttachedPolicies")? {
        let (holder, policy) = (holder(draft)?, needed(policy, "PolicyArn", "AttachedPolicies")?);
        let account = draft.account_of(&holder)?;
        draft.sheet(&account).entitle(&holder, &policy, Origin::Attached, None);
    }
    Ok(())
}

/// A version of a managed policy. Which policy, only the question tells.
pub(super) fn version(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let arn = draft.about("\"arn:aws:iam::111122223333:policy/...\"")?.to_owned();
    let told = Arn::of(&arn);
    if told.service != "iam" || !told.resource.starts_with("policy/") {
        return Err(RejectReason::Field(format!("{arn:?} is no ARN of a managed policy")));
    }
    let version = get(answer, "PolicyVersion").unwrap_or(Value::NULL);
    let id = needed(version, "VersionId", "PolicyVersion")?;
    let document = get(version, "Document")
        .ok_or_else(|| RejectReason::Field("Document is missing in PolicyVersion".to_owned()))?;
    // A policy of AWS belongs to whoever was asked.
    let own = if told.account == "aws" { told.resource } else { &arn };
    let account = draft.account_of(own)?;
    let name = match &*text(version, "IsDefaultVersion") {
        "true" => arn,
        _ => PolicyDocument::version_name(&arn, &id),
    };
    draft.sheet(&account).document(&name, document, &id);
    Ok(())
}

/// The role, user or group that was asked about.
fn holder(draft: &Draft<'_>) -> Result<String, RejectReason> {
    let arn = draft.about("\"arn:aws:iam::111122223333:role/...\"")?;
    let told = Arn::of(arn);
    let is_holder = HOLDERS.iter().any(|(_, kind)| told.resource.starts_with(kind));
    match told.service == "iam" && is_holder {
        true => Ok(arn.to_owned()),
        false => Err(RejectReason::Field(format!("{arn:?} is no ARN of a role, user or group"))),
    }
}

/// What answers call those who hold policies, and how these begin in an ARN.
const HOLDERS: [(&str, &str); 3] = [("RoleName", "role/"), ("UserName", "user/"), ("GroupName", "group/")];
