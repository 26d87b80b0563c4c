//! Single answers of IAM: keys, passwords and second factors of users, what an account says of its root user, providers
//! of identities, what was used last, and what one role, user or policy is and holds. Sources: the pages of the IAM API reference on each of them.

use doorward_model::identity::{Credential, CredentialKind, CredentialState, Identity, IdentityKind};
use doorward_model::inventory::resource::{Resource, attribute};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{Arn, date, get, list, needed, partition_of, tags, text};
use crate::inventory::draft::{Draft, wrap};
use crate::inventory::form::Top;
use crate::inventory::iam::{last_use, policy};
use crate::json::value::Value;

type Reads = fn(Value<'_>, &mut Draft<'_>) -> Result<(), RejectReason>;

/// Answers by a field and what stands in it, with what reads the answer.
const ANSWERS: [(&str, &str, Reads); 12] = [
    ("AccessKeyMetadata", "AccessKeyId", keys),
    ("AccessKeyLastUsed", "ServiceName", key_use),
    ("LoginProfile", "UserName", password),
    ("MFADevices", "SerialNumber", factors),
    ("VirtualMFADevices", "SerialNumber", virtual_factors),
    ("SummaryMap", "AccountMFAEnabled", summary),
    ("OpenIDConnectProviderList", "Arn", providers),
    ("SAMLProviderList", "Arn", providers),
    ("Role", "AssumeRolePolicyDocument", policy::role),
    ("User", "CreateDate", policy::user),
    ("AttachedPolicies", "PolicyArn", policy::attached),
    ("PolicyVersion", "Document", policy::version),
];

fn reads(top: &Top<'_>) -> Option<Reads> {
    let has = |name| top.get(name).is_some();
    if last_use::recognises(top) {
        return Some(last_use::read);
    }
    if (has("ClientIDList") && has("ThumbprintList")) || has("SAMLMetadataDocument") {
        return Some(provider);
    }
    if policy::is_inline(top) {
        return Some(policy::inline);
    }
    if policy::is_names(top) {
        return Some(policy::names);
    }
    ANSWERS.iter().find(|(field, mark, _)| top.holds(field, mark)).map(|(_, _, reads)| *reads)
}

/// Whether a value is such an answer.
pub(in crate::inventory) fn recognises(top: &Top<'_>) -> bool {
    reads(top).is_some()
}

/// Reads an answer.
pub(in crate::inventory) fn read(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    reads(top).map_or(Ok(()), |reads| reads(top.value, draft))
}

/// The user that an answer is of: the one that was asked about, or the one of this name in the account. An answer does
/// not tell the path of a user.
fn user(name: &str, draft: &Draft<'_>) -> Result<String, RejectReason> {
    let about = Arn::of(&draft.beside.about);
    if about.service == "iam" && (about.resource.starts_with("user/") || about.resource == "root") {
        if ![about.name(), ""].contains(&name) {
            let said =
                format!("the answer is of the user {name}, and \"about\" names {}", draft.beside.about);
            return Err(RejectReason::Field(said));
        }
        draft.account_of(&draft.beside.about)?;
        return Ok(draft.beside.about.clone());
    }
    let (account, missing) = (&draft.beside.account, wrap("\"account\": \"111122223333\""));
    if account.is_empty() {
        return Err(RejectReason::Field(format!(
            "nothing tells the account of the user {name:?}: {missing}"
        )));
    }
    if name.is_empty() {
        let hint = wrap("\"about\": \"arn:aws:iam::111122223333:user/...\"");
        return Err(RejectReason::Field(format!("nothing tells the user that the answer is of: {hint}")));
    }
    Ok(format!("arn:{}:iam::{account}:user/{name}", partition_of(&draft.beside.region)))
}

fn put(credential: Credential, draft: &mut Draft<'_>) {
    let (seen, account) = (Some(draft.seen()), Arn::of(&credential.identity).account.to_owned());
    draft.sheet(&account).export.credentials.push(Credential { seen, ..credential });
}

/// What a user has one of.
fn own(what: &str, kind: CredentialKind, user: &str, is_there: bool) -> Credential {
    let state = if is_there { CredentialState::Active } else { CredentialState::Inactive };
    Credential {
        id: format!("{what}:{user}"),
        kind: kind.into(),
        identity: user.to_owned(),
        state: state.into(),
        ..Credential::default()
    }
}

fn at_ms(value: Value<'_>, name: &str) -> i64 {
    date(value, name).map_or(0, Time::ms)
}

fn keys(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    for key in list(answer, "AccessKeyMetadata")? {
        let state = match &*text(key, "Status") {
            "Active" => CredentialState::Active,
            "Inactive" => CredentialState::Inactive,
            _ => CredentialState::Unknown,
        };
        let row = Credential {
            id: needed(key, "AccessKeyId", "AccessKeyMetadata")?,
            kind: CredentialKind::AccessKey.into(),
            identity: user(&text(key, "UserName"), draft)?,
            state: state.into(),
            created_at_ms: at_ms(key, "CreateDate"),
            ..Credential::default()
        };
        put(row, draft);
    }
    Ok(())
}

/// When a key was used last. Which key, only the question tells.
fn key_use(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let id = draft.about("\"AKIA...\"")?.to_owned();
    if id.contains(':') {
        return Err(RejectReason::Field(format!("\"about\" is {id}, and should be the id of an access key")));
    }
    let used = get(answer, "AccessKeyLastUsed").unwrap_or(Value::NULL);
    let service = text(used, "ServiceName");
    let row = Credential {
        id,
        kind: CredentialKind::AccessKey.into(),
        identity: user(&text(answer, "UserName"), draft)?,
        last_used_at_ms: at_ms(used, "LastUsedDate"),
        last_used_for: if service == "N/A" { String::new() } else { service.into_owned() },
        ..Credential::default()
    };
    put(row, draft);
    Ok(())
}

fn password(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let profile = get(answer, "LoginProfile").unwrap_or(Value::NULL);
    let user = user(&text(profile, "UserName"), draft)?;
    let row = own("password", CredentialKind::Password, &user, true);
    put(Credential { created_at_ms: at_ms(profile, "CreateDate"), ..row }, draft);
    Ok(())
}

/// The second factors of one user. That there is none says something.
fn factors(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let mut devices = list(answer, "MFADevices")?.peekable();
    if devices.peek().is_none() {
        let user = user("", draft)?;
        put(own("second-factor", CredentialKind::SecondFactor, &user, false), draft);
    }
    for device in devices {
        let user = user(&text(device, "UserName"), draft)?;
        factor(&user, device, draft);
    }
    Ok(())
}

fn factor(user: &str, device: Value<'_>, draft: &mut Draft<'_>) {
    let row = own("second-factor", CredentialKind::SecondFactor, user, true);
    put(Credential { created_at_ms: at_ms(device, "EnableDate"), ..row }, draft);
}

/// The virtual second factors of an account. One that is assigned to nobody says nothing.
fn virtual_factors(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    for device in list(answer, "VirtualMFADevices")? {
        let Some(assigned) = get(device, "User").filter(|user| user.is_object()) else { continue };
        let user = needed(assigned, "Arn", "VirtualMFADevices")?;
        draft.account_of(&user)?;
        factor(&user, device, draft);
    }
    Ok(())
}

/// What an account says of its root user.
fn summary(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let account = draft.beside.account.clone();
    if account.is_empty() {
        let hint = wrap("\"account\": \"111122223333\"");
        return Err(RejectReason::Field(format!("nothing tells the account of the summary: {hint}")));
    }
    let root = root(&account, draft);
    let id = root.id.clone();
    draft.sheet(&account).export.identities.push(root);
    let map = get(answer, "SummaryMap").unwrap_or(Value::NULL);
    let told = [
        ("AccountMFAEnabled", "second-factor", CredentialKind::SecondFactor),
        ("AccountPasswordPresent", "password", CredentialKind::Password),
        ("AccountAccessKeysPresent", "access-key-1", CredentialKind::AccessKey),
        ("AccountSigningCertificatesPresent", "certificate-1", CredentialKind::Certificate),
    ];
    for (field, what, kind) in told {
        match &*text(map, field) {
            "" => {}
            count => put(own(what, kind, &id, count != "0"), draft),
        }
    }
    Ok(())
}

/// The root user of an account.
pub(in crate::inventory) fn root(account: &str, draft: &Draft<'_>) -> Identity {
    Identity {
        id: format!("arn:{}:iam::{account}:root", partition_of(&draft.beside.region)),
        kind: IdentityKind::Human.into(),
        platform: "aws".to_owned(),
        account: account.to_owned(),
        name: "root".to_owned(),
        peer_group: "root".to_owned(),
        seen: Some(draft.seen()),
        ..Identity::default()
    }
}

/// Providers of identities, as lists name them.
fn providers(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    for field in ["OpenIDConnectProviderList", "SAMLProviderList"] {
        for one in list(answer, field)? {
            let row = provider_of(&needed(one, "Arn", field)?, one, draft)?;
            put_provider(row, draft);
        }
    }
    Ok(())
}

/// The provider that was asked about.
fn provider(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let arn = draft.about("\"arn:aws:iam::111122223333:oidc-provider/...\"")?.to_owned();
    let mut row = provider_of(&arn, answer, draft)?;
    row.tags = tags(answer, "Tags")?;
    let audiences: Vec<String> = list(answer, "ClientIDList")?.map(|id| id.scalar().into_owned()).collect();
    if !audiences.is_empty() {
        row.attributes.insert(attribute::AUDIENCES.to_owned(), audiences.join(" "));
    }
    put_provider(row, draft);
    Ok(())
}

fn provider_of(arn: &str, told: Value<'_>, draft: &Draft<'_>) -> Result<Resource, RejectReason> {
    let kind = Arn::of(arn).resource.split('/').next().unwrap_or_default();
    if !matches!(kind, "oidc-provider" | "saml-provider") {
        return Err(RejectReason::Field(format!("{arn:?} is no ARN of a provider of identities")));
    }
    Ok(Resource {
        id: arn.to_owned(),
        kind: format!("iam:{kind}"),
        account: draft.account_of(arn)?,
        name: Arn::of(arn).name().to_owned(),
        created_at_ms: at_ms(told, "CreateDate"),
        seen: Some(draft.seen()),
        ..Resource::default()
    })
}

fn put_provider(row: Resource, draft: &mut Draft<'_>) {
    let account = row.account.clone();
    draft.sheet(&account).export.resources.push(row);
}
