//! What AWS documents as an exception to the common rules.

use super::Policies;
use crate::request::{AWS, CallerKind, Request};

/// Whether AWS answers a request whatever policies say.
///
/// Sources: AWS STS API Reference, "GetCallerIdentity" (no permissions are required, and an explicit deny does not
/// matter); IAM User Guide, "Permissions for GetSessionToken" (policies do not control it).
pub(super) fn needs_no_permission(request: &Request<'_>) -> bool {
    match request.permission.name() {
        "sts:getcalleridentity" => request.caller.kind != CallerKind::Anonymous,
        "sts:getsessiontoken" => matches!(request.caller.kind, CallerKind::User(_) | CallerKind::Root(_)),
        _ => false,
    }
}

/// Whether AWS refuses the permission to callers of this kind, whatever policies say. The root user of another account
/// stands for whoever that account lets.
///
/// Sources: IAM User Guide, "Compare AWS STS credentials" (who can call which operation); AWS Security Token Service API
/// Reference, "GetFederationToken" (such a session has no operation of STS but `GetCallerIdentity`).
pub(super) fn is_refused(request: &Request<'_>) -> bool {
    let verb = request.permission.verb();
    let caller = &request.caller;
    request.permission.service() == "sts"
        && match caller.kind {
            CallerKind::Root(_) => verb == "assumerole" && request.resource.account == Some(caller.account),
            CallerKind::FederatedUser(_) => true,
            CallerKind::Role(_) | CallerKind::Session { .. } => {
                matches!(verb, "getfederationtoken" | "getsessiontoken")
            }
            CallerKind::Anonymous
            | CallerKind::Service(_)
            | CallerKind::Federated(_)
            | CallerKind::User(_) => false,
        }
}

/// Whether the caller has nothing by its own policies, only what resources give to it.
///
/// Source: AWS Security Token Service API Reference, "GetFederationToken" (without a session policy a session has no
/// permissions).
pub(super) fn is_powerless(request: &Request<'_>, policies: &Policies<'_>) -> bool {
    matches!(request.caller.kind, CallerKind::FederatedUser(_)) && policies.session.is_empty()
}

/// Whether a policy of the resource must let in even callers of its own account.
///
/// Sources: AWS KMS Developer Guide, "Key policies in AWS KMS" (without a key policy that enables them, policies of IAM
/// have no effect); IAM User Guide, "How IAM roles work: terms and concepts" (role trust policy).
pub(super) fn is_resource_decisive(request: &Request<'_>) -> bool {
    let resource = request.resource.text();
    match request.permission.service() {
        "kms" => resource.contains(":key/"),
        "sts" => resource.contains(":role/"),
        _ => false,
    }
}

/// Whether service control policies limit the caller.
///
/// Source: AWS Organizations User Guide, "Service control policies (SCPs)": neither the management account nor
/// service-linked roles, and no principals of services.
pub(super) fn has_service_control(request: &Request<'_>) -> bool {
    let caller = &request.caller;
    caller.is_identity() && !caller.is_service_linked() && !caller.organisation.is_managed_by(caller.account)
}

/// Whether resource control policies limit access to the resource.
///
/// Source: AWS Organizations User Guide, "Resource control policies (RCPs)": neither resources of the management
/// account nor requests of service-linked roles nor those to assume one, no service that does not support them, and
/// not the retirement of a grant.
pub(super) fn has_resource_control(request: &Request<'_>) -> bool {
    let resource = &request.resource;
    let permission = request.permission;
    RESOURCE_CONTROL.binary_search(&permission.service()).is_ok()
        && permission.name() != "kms:retiregrant"
        && !request.caller.is_service_linked()
        && !resource.text().contains(":role/aws-service-role/")
        && !resource.account.is_some_and(|account| resource.organisation.is_managed_by(account))
}

/// Whether AWS keeps the resource from being changed, whatever policies say.
///
/// Sources: IAM User Guide, "AWS managed policies" (you cannot change them), "Create a service-linked role" (what of it
/// you cannot change); IAM Identity Center User Guide, "Referencing permission sets in resource policies, Amazon EKS
/// Cluster config maps, and AWS KMS key policies" (roles in the path `aws-reserved`); AWS KMS Developer Guide, "Aliases
/// in AWS KMS" (names that begin with `alias/aws/` are reserved).
pub(super) fn is_protected(request: &Request<'_>) -> bool {
    let resource = request.resource.text();
    let verb = request.permission.verb();
    match request.permission.service() {
        "iam" => {
            let is_managed = resource.contains(":policy/") && resource.split(':').nth(4) == Some(AWS);
            let is_reserved = resource.contains(":role/aws-reserved/");
            let is_linked = resource.contains(":role/aws-service-role/");
            ((is_managed || is_reserved) && !reads(verb)) || (is_linked && LINKED_FIXED.contains(&verb))
        }
        "kms" => {
            resource.contains(":alias/aws/") && matches!(verb, "createalias" | "updatealias" | "deletealias")
        }
        _ => false,
    }
}

/// Whether a permission of IAM only looks.
fn reads(verb: &str) -> bool {
    ["get", "list", "generate", "simulate"].iter().any(|begin| verb.starts_with(begin))
}

/// What nobody but the service changes of a service-linked role.
const LINKED_FIXED: [&str; 8] = [
    "attachrolepolicy",
    "detachrolepolicy",
    "putrolepolicy",
    "deleterolepolicy",
    "putrolepermissionsboundary",
    "deleterolepermissionsboundary",
    "updateassumerolepolicy",
    "deleterole",
];

/// The services that support resource control policies, in order.
///
/// Source: AWS Organizations User Guide, "Resource control policies (RCPs)", "List of AWS services that support RCPs".
const RESOURCE_CONTROL: [&str; 62] = [
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

#[cfg(test)]
mod tests {
    use super::RESOURCE_CONTROL;

    /// The list of permissions is made anew from time to time; here stands what it says.
    #[test]
    fn the_services_are_those_of_the_list_of_permissions() {
        let list = include_str!("../../../../rules/aws/permissions/permissions.txt");
        let services = list.lines().filter_map(|line| line.strip_prefix("service ")?.strip_suffix(" rcp"));
        let mut services: Vec<&str> = services.collect();
        services.sort_unstable();
        assert_eq!(services, RESOURCE_CONTROL);
    }
}
