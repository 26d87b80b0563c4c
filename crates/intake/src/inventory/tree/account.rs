//! The folder of an account: each thing by its ARN.

use doorward_model::inventory::Source;
use doorward_model::reject::RejectReason;

use crate::inventory::aws::{Arn, text};
use crate::inventory::resource_policy::{flags, of_account};
use crate::inventory::tree::identity::Identities;
use crate::inventory::tree::{Folder, Thing, resource};
use crate::json::value::Value;

/// Reads the things of an account.
pub(super) fn read(things: &[Thing<'_>], folder: &mut Folder<'_>) -> Result<(), RejectReason> {
    let mut identities = Identities::default();
    for thing in things {
        if thing.place.is_empty() {
            itself(thing, folder)?;
            continue;
        }
        if thing.place.starts_with("ram/") {
            resource::shared(thing, folder)?;
            continue;
        }
        let Some(metadata) = thing.part("metadata") else {
            folder.misses("metadata", thing.place);
            continue;
        };
        let arn = arn_of(metadata, thing.place, folder.id)?;
        match Arn::of(&arn).service {
            "iam" if identities.take(&arn, thing, folder) => {}
            "sso" | "identitystore" => resource::center(&arn, thing, folder)?,
            _ => resource::read(&arn, thing, folder)?,
        }
    }
    identities.read(folder)
}

/// What is told of the account itself.
fn itself(thing: &Thing<'_>, folder: &mut Folder<'_>) -> Result<(), RejectReason> {
    let Some(blocked) = thing.part("s3-bpa") else { return Ok(()) };
    let account = folder.id.to_owned();
    folder.write(Source::Service, |draft| {
        let row = of_account(&account, flags(blocked), draft);
        draft.sheet(&account).export.resources.push(row);
        Ok(())
    })
}

/// The ARN of a thing, which is of the account of the folder, of AWS, or of none.
pub(super) fn arn_of(metadata: Value<'_>, place: &str, account: &str) -> Result<String, RejectReason> {
    let arn = text(metadata, "arn").into_owned();
    let owner = Arn::of(&arn);
    if owner.service.is_empty() {
        let said =
            format!("{place} has no arn in its metadata: collect it with a newer version of iam-collect");
        return Err(RejectReason::Field(said));
    }
    if ![account, "aws", ""].contains(&owner.account) {
        let said = format!("{arn} in {place} is not of account {account}, of which the folder is");
        return Err(RejectReason::Field(said));
    }
    Ok(arn)
}
