//! Instances and launch templates: whose they are stands around them, or in who made them.

use doorward_model::inventory::resource::{Resource, attribute};
use doorward_model::reject::RejectReason;

use super::kinds::{INSTANCE, LAUNCH_TEMPLATE};
use super::resource;
use crate::inventory::aws::{Arn, list, text, text_at};
use crate::inventory::draft::Draft;
use crate::inventory::form::Top;
use crate::json::value::Value;

pub(super) fn recognises(top: &Top<'_>) -> bool {
    top.holds("Reservations", "Instances")
        || top.holds("LaunchTemplateVersions", "LaunchTemplateId")
        || top.holds("LaunchTemplates", "LaunchTemplateId")
}

pub(super) fn read(top: &Top<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    for reservation in list(top.value, "Reservations")? {
        let owner = text(reservation, "OwnerId");
        for instance in list(reservation, "Instances")? {
            let region = region_of_zone(&text_at(instance, &["Placement", "AvailabilityZone"]));
            let found = draft.beside((&owner, &region), |draft| resource(&INSTANCE, instance, draft))?;
            put(found, draft);
        }
    }
    for field in ["LaunchTemplateVersions", "LaunchTemplates"] {
        for version in list(top.value, field)? {
            let made_by = text(version, "CreatedBy");
            let found = draft.beside((Arn::of(&made_by).account, ""), |draft| {
                resource(&LAUNCH_TEMPLATE, version, draft)
            })?;
            put(version_of_template(found, version), draft);
        }
    }
    Ok(())
}

fn put(found: Resource, draft: &mut Draft<'_>) {
    let account = found.account.clone();
    draft.sheet(&account).export.resources.push(found);
}

/// A template may name its profile without an ARN. A version that is not the default one is a resource of its own,
/// beside its template.
pub(in crate::inventory) fn version_of_template(mut found: Resource, version: Value<'_>) -> Resource {
    let profile = text_at(version, &["LaunchTemplateData", "IamInstanceProfile", "Name"]);
    if !profile.is_empty() && found.runs_as.is_empty() {
        let partition = Arn::of(&found.id).partition;
        found.runs_as = format!("arn:{partition}:iam::{}:instance-profile/{profile}", found.account);
    }
    let is_default = found.attributes.get(attribute::DEFAULT_VERSION).is_some_and(|said| said == "true");
    if let Some(number) = found.attributes.get(attribute::VERSION).filter(|_| !is_default) {
        found.id = format!("{} version:{number}", found.id);
    }
    found
}

/// `us-west-2` of the zones `us-west-2a` and `us-west-2-lax-1a`.
fn region_of_zone(zone: &str) -> String {
    let parts: Vec<&str> = zone.split('-').collect();
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
    let place = parts.iter().position(|part| !digits(part).is_empty());
    let Some((area, number)) = place.and_then(|place| Some((parts.get(..place)?, parts.get(place)?))) else {
        return String::new();
    };
    format!("{}-{}", area.join("-"), digits(number))
}

#[cfg(test)]
mod tests {
    use super::region_of_zone;

    #[test]
    fn a_zone_tells_its_region() {
        let zones = ["eu-central-1a", "us-west-2-lax-1a", "us-gov-west-1b", "", "odd"];
        assert_eq!(zones.map(region_of_zone), ["eu-central-1", "us-west-2", "us-gov-west-1", "", ""]);
    }
}
