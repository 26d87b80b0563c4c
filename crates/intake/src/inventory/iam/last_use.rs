//! `get-service-last-accessed-details`: which services an identity has used when, and which of their actions. Sources:
//! the pages "GetServiceLastAccessedDetails" of the IAM API reference and "Refine permissions in AWS using last accessed
//! information".

use std::collections::BTreeMap;

use doorward_model::inventory::last_use::LastUse;
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{Arn, date, list, needed, text};
use crate::inventory::draft::Draft;
use crate::inventory::form::Top;
use crate::json::value::Value;

/// Whether a value is such an answer.
pub(super) fn recognises(top: &Top<'_>) -> bool {
    top.get("JobStatus").is_some() && top.get("JobCreationDate").is_some()
}

/// Reads an answer. Whom it is of, only the question tells.
pub(super) fn read(answer: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let status = text(answer, "JobStatus");
    if status != "COMPLETED" {
        let said = format!("the job is {status}, and not done: ask for its details again");
        return Err(RejectReason::Field(said));
    }
    let identity = draft.about("\"arn:aws:iam::111122223333:role/...\"")?.to_owned();
    let is_ours = Arn::of(&identity).service == "iam";
    if !is_ours {
        return Err(RejectReason::Field(format!("{identity:?} is no ARN of a user, group, role or policy")));
    }
    let account = draft.account_of(&identity)?;
    let asked = date(answer, "JobCompletionDate");
    let missing = || RejectReason::Field("JobCompletionDate does not tell when the job was done".to_owned());
    draft.at_ms = asked.ok_or_else(missing)?.ms();
    for service in list(answer, "ServicesLastAccessed")? {
        let mut actions = BTreeMap::new();
        for action in list(service, "TrackedActionsLastAccessed")? {
            let used = date(action, "LastAccessedTime").map_or(0, Time::ms);
            let name = needed(action, "ActionName", "TrackedActionsLastAccessed")?;
            // It may be written as policies write it.
            let name = name.rsplit(':').next().unwrap_or_default().to_owned();
            actions.insert(name, used);
        }
        let row = LastUse {
            identity: identity.clone(),
            service: needed(service, "ServiceNamespace", "ServicesLastAccessed")?,
            used_at_ms: date(service, "LastAuthenticated").map_or(0, Time::ms),
            region: text(service, "LastAuthenticatedRegion").into_owned(),
            actions,
            seen: Some(draft.seen()),
        };
        draft.sheet(&account).export.last_uses.push(row);
    }
    Ok(())
}
