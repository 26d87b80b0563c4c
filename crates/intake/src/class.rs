//! What an action does, from its service and name.
//!
//! Explicit tables come first, then the name's first word. The tables name what the first word would get wrong, and
//! what matters most to be right about.

use doorward_model::event::ActionClass;

/// The class of an action by its service and name, if these tell.
pub(crate) fn class(service: &str, action: &str) -> Option<ActionClass> {
    listed(service, action).or_else(|| by_name(service, action))
}

fn listed(service: &str, action: &str) -> Option<ActionClass> {
    let has = |table: &[(&str, &[&str])]| {
        table.iter().any(|(of, actions)| *of == service && actions.contains(&action))
    };
    if has(CREDENTIAL) {
        Some(ActionClass::Credential)
    } else if has(PERMISSIONS) {
        Some(ActionClass::Permissions)
    } else if has(DATA) {
        Some(ActionClass::Data)
    } else if has(EXECUTE) {
        Some(ActionClass::Execute)
    } else if has(READ) {
        Some(ActionClass::Read)
    } else {
        None
    }
}

/// Endings and beginnings of names that change permissions in every service.
const PERMISSION_NAMES: [&str; 10] = [
    "PutResourcePolicy",
    "DeleteResourcePolicy",
    "PutPolicy",
    "SetPolicy",
    "AddPermission",
    "RemovePermission",
    "PutAccessPolicy",
    "CreateGrant",
    "AuthorizeSecurityGroup",
    "RevokeSecurityGroup",
];

const LIST: [&str; 3] = ["List", "Search", "Query"];
const READ_WORDS: [&str; 9] =
    ["Get", "Describe", "BatchGet", "Head", "Lookup", "Check", "View", "Simulate", "Preview"];
const WRITE_WORDS: [&str; 41] = [
    "Create",
    "Delete",
    "Put",
    "Update",
    "Modify",
    "Set",
    "Add",
    "Remove",
    "Attach",
    "Detach",
    "Associate",
    "Disassociate",
    "Enable",
    "Disable",
    "Tag",
    "Untag",
    "Register",
    "Deregister",
    "Start",
    "Stop",
    "Terminate",
    "Reboot",
    "Restore",
    "Copy",
    "Import",
    "Publish",
    "Send",
    "Upload",
    "Batch",
    "Cancel",
    "Accept",
    "Reject",
    "Allocate",
    "Release",
    "Replace",
    "Reset",
    "Complete",
    "Abort",
    "Schedule",
    "Purge",
    "Rotate",
];

fn by_name(service: &str, action: &str) -> Option<ActionClass> {
    let begins = |words: &[&str]| words.iter().any(|word| action.starts_with(word));
    if begins(&PERMISSION_NAMES) {
        Some(ActionClass::Permissions)
    } else if begins(&LIST) || (service == "ec2" && action.starts_with("Describe") && action.ends_with('s')) {
        Some(ActionClass::List)
    } else if begins(&READ_WORDS) {
        Some(ActionClass::Read)
    } else if begins(&WRITE_WORDS) {
        Some(ActionClass::Write)
    } else {
        None
    }
}

type Table = &'static [(&'static str, &'static [&'static str])];

/// Makes, hands out or changes a credential.
#[rustfmt::skip]
const CREDENTIAL: Table = &[
    ("iam", &["CreateAccessKey", "UpdateAccessKey", "CreateLoginProfile", "UpdateLoginProfile",
        "ChangePassword", "CreateServiceSpecificCredential", "ResetServiceSpecificCredential",
        "UploadSSHPublicKey", "UploadSigningCertificate", "UploadServerCertificate",
        "CreateVirtualMFADevice", "EnableMFADevice", "DeactivateMFADevice", "DeleteVirtualMFADevice",
        "ResyncMFADevice"]),
    ("sts", &["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot",
        "GetSessionToken", "GetFederationToken", "GetServiceBearerToken", "GetWebIdentityToken",
        "GetDelegatedAccessToken"]),
    ("sso", &["GetRoleCredentials", "CreateToken", "Federate", "Authenticate"]),
    ("sso-oauth", &["CreateToken", "CreateTokenWithIAM"]),
    ("signin", &["ConsoleLogin", "SwitchRole", "ExitRole", "GetSigninToken", "CreateOAuth2Token",
        "RenewRole"]),
    ("rolesanywhere", &["CreateSession", "ImportCrl"]),
    ("cognito-identity", &["GetCredentialsForIdentity", "GetOpenIdToken",
        "GetOpenIdTokenForDeveloperIdentity"]),
    ("cognito-idp", &["AdminSetUserPassword", "AdminResetUserPassword", "AdminCreateUser", "InitiateAuth",
        "AdminInitiateAuth"]),
    ("ec2", &["CreateKeyPair", "ImportKeyPair", "GetPasswordData"]),
    ("ec2-instance-connect", &["SendSSHPublicKey", "SendSerialConsoleSSHPublicKey"]),
    ("lightsail", &["GetInstanceAccessDetails", "DownloadDefaultKeyPair", "CreateKeyPair",
        "GetRelationalDatabaseMasterUserPassword"]),
    ("ecr", &["GetAuthorizationToken"]),
    ("codeartifact", &["GetAuthorizationToken"]),
    ("redshift", &["GetClusterCredentials", "GetClusterCredentialsWithIAM"]),
    ("redshift-serverless", &["GetCredentials"]),
    ("eks-auth", &["AssumeRoleForPodIdentity"]),
    ("apigateway", &["CreateApiKey", "ImportApiKeys"]),
    ("appsync", &["CreateApiKey"]),
    ("bedrock-agentcore", &["GetWorkloadAccessToken", "GetWorkloadAccessTokenForJWT",
        "GetWorkloadAccessTokenForUserId", "GetResourceOauth2Token", "GetResourceApiKey",
        "CreateApiKeyCredentialProvider", "CreateOauth2CredentialProvider"]),
    ("transfer", &["ImportSshPublicKey"]),
    ("iot", &["CreateKeysAndCertificate", "CreateCertificateFromCsr"]),
];

/// Changes who may do what, or whether anybody sees it.
#[rustfmt::skip]
const PERMISSIONS: Table = &[
    ("iam", &["AttachUserPolicy", "AttachRolePolicy", "AttachGroupPolicy", "DetachUserPolicy",
        "DetachRolePolicy", "DetachGroupPolicy", "PutUserPolicy", "PutRolePolicy", "PutGroupPolicy",
        "DeleteUserPolicy", "DeleteRolePolicy", "DeleteGroupPolicy", "CreatePolicy", "CreatePolicyVersion",
        "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion", "AddUserToGroup",
        "RemoveUserFromGroup", "CreateUser", "DeleteUser", "UpdateUser", "CreateGroup", "DeleteGroup",
        "CreateRole", "DeleteRole", "UpdateRole", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary",
        "PutUserPermissionsBoundary", "DeleteRolePermissionsBoundary", "DeleteUserPermissionsBoundary",
        "CreateInstanceProfile", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile",
        "CreateSAMLProvider", "UpdateSAMLProvider", "DeleteSAMLProvider", "CreateOpenIDConnectProvider",
        "UpdateOpenIDConnectProviderThumbprint", "AddClientIDToOpenIDConnectProvider",
        "DeleteOpenIDConnectProvider", "CreateServiceLinkedRole", "UpdateAccountPasswordPolicy",
        "DeleteAccountPasswordPolicy", "DeleteLoginProfile", "DeleteAccessKey",
        "EnableOrganizationsRootSessions", "EnableOrganizationsRootCredentialsManagement"]),
    ("organizations", &["AttachPolicy", "DetachPolicy", "CreatePolicy", "UpdatePolicy", "DeletePolicy",
        "EnablePolicyType", "DisablePolicyType", "LeaveOrganization", "RemoveAccountFromOrganization",
        "InviteAccountToOrganization", "AcceptHandshake", "MoveAccount", "CreateAccount", "CloseAccount",
        "RegisterDelegatedAdministrator", "DeregisterDelegatedAdministrator", "EnableAWSServiceAccess",
        "DisableAWSServiceAccess", "PutResourcePolicy"]),
    ("sso", &["CreateAccountAssignment", "DeleteAccountAssignment", "CreatePermissionSet",
        "UpdatePermissionSet", "DeletePermissionSet", "ProvisionPermissionSet",
        "PutInlinePolicyToPermissionSet", "AttachManagedPolicyToPermissionSet",
        "DetachManagedPolicyFromPermissionSet", "AttachCustomerManagedPolicyReferenceToPermissionSet",
        "PutPermissionsBoundaryToPermissionSet", "CreateInstanceAccessControlAttributeConfiguration",
        "UpdateInstance", "DeleteInstance", "CreateTrustedTokenIssuer", "PutApplicationAccessScope",
        "PutApplicationGrant"]),
    ("sso-directory", &["CreateUser", "DeleteUser", "AddMemberToGroup", "RemoveMemberFromGroup",
        "UpdatePassword", "DisableUser", "EnableUser", "CreateGroup", "DeleteGroup",
        "DisableExternalIdPConfigurationForDirectory", "EnableExternalIdPConfigurationForDirectory",
        "CreateBearerToken"]),
    ("identitystore", &["CreateUser", "DeleteUser", "UpdateUser", "CreateGroup", "DeleteGroup",
        "CreateGroupMembership", "DeleteGroupMembership"]),
    ("cloudtrail", &["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors",
        "PutInsightSelectors", "DeleteEventDataStore", "UpdateEventDataStore",
        "StopEventDataStoreIngestion", "CreateTrail", "StartLogging", "PutResourcePolicy",
        "DeleteResourcePolicy"]),
    ("guardduty", &["DeleteDetector", "UpdateDetector", "CreateDetector", "CreateFilter", "UpdateFilter",
        "CreateIPSet", "UpdateIPSet", "DeleteMembers", "DisassociateMembers",
        "DisassociateFromMasterAccount", "DisassociateFromAdministratorAccount", "StopMonitoringMembers",
        "ArchiveFindings", "DeletePublishingDestination", "UpdatePublishingDestination",
        "DisableOrganizationAdminAccount"]),
    ("config", &["StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel",
        "PutConfigurationRecorder", "DeleteConfigRule", "DeleteOrganizationConfigRule",
        "PutDeliveryChannel", "DeleteConfigurationAggregator"]),
    ("securityhub", &["DisableSecurityHub", "BatchDisableStandards", "DeleteMembers", "DisassociateMembers",
        "UpdateStandardsControl", "DisableOrganizationAdminAccount"]),
    ("access-analyzer", &["DeleteAnalyzer", "CreateArchiveRule"]),
    ("macie2", &["DisableMacie", "UpdateMacieSession"]),
    ("inspector2", &["Disable"]),
    ("logs", &["DeleteLogGroup", "DeleteLogStream", "PutRetentionPolicy", "DeleteRetentionPolicy",
        "PutResourcePolicy", "DeleteSubscriptionFilter", "DeleteDestination", "PutDestinationPolicy"]),
    ("cloudwatch", &["DeleteAlarms", "DisableAlarmActions", "DeleteAnomalyDetector"]),
    ("events", &["DisableRule", "DeleteRule", "RemoveTargets", "PutPermission", "RemovePermission"]),
    ("route53resolver", &["DeleteResolverQueryLogConfig", "DisassociateResolverQueryLogConfig"]),
    ("wafv2", &["DeleteLoggingConfiguration", "DeleteWebACL", "DisassociateWebACL"]),
    ("s3", &["PutBucketPolicy", "DeleteBucketPolicy", "PutBucketAcl", "PutObjectAcl",
        "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock", "PutPublicAccessBlock",
        "DeletePublicAccessBlock", "PutAccountPublicAccessBlock", "DeleteAccountPublicAccessBlock",
        "PutBucketOwnershipControls", "PutBucketLogging", "PutBucketReplication", "PutAccessPointPolicy",
        "DeleteAccessPointPolicy", "PutBucketLifecycle", "PutBucketLifecycleConfiguration",
        "PutBucketVersioning", "DeleteBucketEncryption"]),
    ("kms", &["PutKeyPolicy", "CreateGrant", "RevokeGrant", "RetireGrant", "DisableKey",
        "ScheduleKeyDeletion", "DisableKeyRotation", "CancelKeyDeletion", "EnableKey"]),
    ("ec2", &["AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
        "RevokeSecurityGroupEgress", "ModifySnapshotAttribute", "ModifyImageAttribute", "DeleteFlowLogs",
        "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation",
        "DisassociateIamInstanceProfile", "ModifyInstanceMetadataOptions", "CreateVpcPeeringConnection",
        "AcceptVpcPeeringConnection", "DisableEbsEncryptionByDefault", "DisableSnapshotBlockPublicAccess",
        "DisableImageBlockPublicAccess", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry",
        "DeleteNetworkAcl", "DeleteNetworkAclEntry", "EnableSerialConsoleAccess", "ModifyVpcEndpoint",
        "CreateRoute", "ReplaceRoute"]),
    ("lambda", &["AddPermission", "RemovePermission", "AddLayerVersionPermission",
        "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"]),
    ("rds", &["ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute",
        "AuthorizeDBSecurityGroupIngress", "AddRoleToDBCluster", "AddRoleToDBInstance"]),
    ("rolesanywhere", &["CreateTrustAnchor", "UpdateTrustAnchor", "EnableTrustAnchor", "CreateProfile",
        "UpdateProfile", "EnableProfile", "DeleteTrustAnchor", "DisableTrustAnchor"]),
    ("ram", &["CreateResourceShare", "AssociateResourceShare", "AcceptResourceShareInvitation",
        "EnableSharingWithAwsOrganization", "UpdateResourceShare"]),
    ("eks", &["CreateAccessEntry", "UpdateAccessEntry", "AssociateAccessPolicy",
        "CreatePodIdentityAssociation", "UpdatePodIdentityAssociation",
        "AssociateIdentityProviderConfig"]),
    ("secretsmanager", &["PutResourcePolicy", "DeleteResourcePolicy"]),
    ("sns", &["AddPermission", "RemovePermission", "SetTopicAttributes"]),
    ("sqs", &["AddPermission", "RemovePermission"]),
    ("ses", &["PutIdentityPolicy", "UpdateAccountSendingEnabled"]),
    ("ecr", &["SetRepositoryPolicy", "DeleteRepositoryPolicy", "PutRegistryPolicy"]),
    ("glue", &["PutResourcePolicy", "DeleteResourcePolicy"]),
    ("lakeformation", &["GrantPermissions", "RevokePermissions", "BatchGrantPermissions",
        "PutDataLakeSettings"]),
    ("ssm", &["ModifyDocumentPermission", "PutResourcePolicy", "UpdateServiceSetting"]),
    ("cognito-identity", &["SetIdentityPoolRoles", "UpdateIdentityPool"]),
    ("bedrock", &["DeleteModelInvocationLoggingConfiguration", "PutModelInvocationLoggingConfiguration",
        "DeleteGuardrail", "UpdateGuardrail", "PutUseCaseForModelAccess", "CreateFoundationModelAgreement",
        "PutFoundationModelEntitlement"]),
    ("bedrock-agentcore", &["CreateGateway", "UpdateGateway", "CreateGatewayTarget", "UpdateGatewayTarget",
        "CreateWorkloadIdentity", "UpdateWorkloadIdentity"]),
    ("account", &["EnableRegion", "DisableRegion", "PutAlternateContact", "StartPrimaryEmailUpdate"]),
];

/// Reads what is being protected.
#[rustfmt::skip]
const DATA: Table = &[
    ("secretsmanager", &["GetSecretValue", "BatchGetSecretValue"]),
    ("ssm", &["GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"]),
    ("s3", &["GetObject", "GetObjectVersion", "CopyObject", "SelectObjectContent", "GetObjectTorrent",
        "HeadObject"]),
    ("kms", &["Decrypt", "ReEncrypt"]),
    ("dynamodb", &["GetItem", "BatchGetItem", "Query", "Scan", "PartiQLSelect", "ExecuteStatement",
        "BatchExecuteStatement", "ExportTableToPointInTime", "GetRecords"]),
    ("ebs", &["GetSnapshotBlock", "ListSnapshotBlocks", "ListChangedBlocks"]),
    ("ec2", &["DescribeInstanceAttribute", "GetConsoleOutput", "GetConsoleScreenshot",
        "CreateStoreImageTask", "ExportImage", "CreateInstanceExportTask", "GetLaunchTemplateData"]),
    ("rds", &["DownloadDBLogFilePortion", "DownloadCompleteDBLogFile", "StartExportTask"]),
    ("rds-data", &["ExecuteStatement", "BatchExecuteStatement"]),
    ("redshift-data", &["ExecuteStatement", "GetStatementResult"]),
    ("athena", &["StartQueryExecution", "GetQueryResults"]),
    ("logs", &["GetLogEvents", "FilterLogEvents", "StartQuery", "GetQueryResults", "CreateExportTask"]),
    ("lambda", &["GetFunction", "GetLayerVersion"]),
    ("codecommit", &["GitPull", "GetFile", "GetBlob"]),
    ("ecr", &["BatchGetImage", "GetDownloadUrlForLayer"]),
    ("sqs", &["ReceiveMessage"]),
    ("kinesis", &["GetRecords"]),
    ("acm", &["ExportCertificate"]),
    ("acm-pca", &["IssueCertificate"]),
    ("backup", &["StartRestoreJob"]),
    ("bedrock", &["Retrieve", "RetrieveAndGenerate"]),
    ("bedrock-agentcore", &["RetrieveMemoryRecords", "GetMemoryRecord", "ListEvents", "GetEvent"]),
];

/// Runs code or a model, or opens a shell.
#[rustfmt::skip]
const EXECUTE: Table = &[
    ("ssm", &["SendCommand", "StartSession", "ResumeSession", "StartAutomationExecution",
        "CreateAssociation"]),
    ("lambda", &["Invoke", "InvokeAsync", "InvokeFunction", "InvokeWithResponseStream",
        "UpdateFunctionCode", "UpdateFunctionConfiguration", "CreateFunction", "PublishLayerVersion",
        "CreateEventSourceMapping"]),
    ("ec2", &["RunInstances", "RequestSpotInstances", "RequestSpotFleet", "CreateFleet",
        "ModifyInstanceAttribute", "StartInstances", "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion"]),
    ("ecs", &["ExecuteCommand", "RunTask", "StartTask", "RegisterTaskDefinition", "CreateService",
        "UpdateService"]),
    ("codebuild", &["StartBuild", "StartBuildBatch", "CreateProject", "UpdateProject"]),
    ("cloudformation", &["CreateStack", "UpdateStack", "ExecuteChangeSet", "CreateStackInstances",
        "CreateStackSet", "UpdateStackSet"]),
    ("glue", &["StartJobRun", "CreateJob", "UpdateJob", "CreateDevEndpoint", "UpdateDevEndpoint",
        "RunStatement"]),
    ("sagemaker", &["CreateNotebookInstance", "CreatePresignedNotebookInstanceUrl",
        "CreatePresignedDomainUrl", "CreateProcessingJob", "CreateTrainingJob", "InvokeEndpoint",
        "CreateNotebookInstanceLifecycleConfig", "UpdateNotebookInstanceLifecycleConfig"]),
    ("states", &["StartExecution", "StartSyncExecution"]),
    ("batch", &["SubmitJob", "RegisterJobDefinition"]),
    ("elasticmapreduce", &["RunJobFlow", "AddJobFlowSteps"]),
    ("datapipeline", &["ActivatePipeline", "PutPipelineDefinition"]),
    ("cloud9", &["CreateEnvironmentEC2", "CreateEnvironmentMembership"]),
    ("cloudshell", &["CreateSession", "CreateEnvironment", "PutCredentials"]),
    ("apprunner", &["CreateService", "UpdateService"]),
    ("bedrock", &["InvokeModel", "InvokeModelWithResponseStream", "InvokeModelWithBidirectionalStream",
        "Converse", "ConverseStream", "InvokeAgent", "InvokeInlineAgent", "InvokeFlow", "StartAsyncInvoke",
        "CreateModelInvocationJob"]),
    ("bedrock-agentcore", &["InvokeAgentRuntime", "InvokeAgentRuntimeForUser", "InvokeGateway", "InvokeMcp",
        "InvokeCodeInterpreter", "StartCodeInterpreterSession", "StartBrowserSession",
        "ConnectBrowserAutomationStream", "CreateAgentRuntime", "UpdateAgentRuntime"]),
];

/// Looks like something else by its first word, and only looks.
#[rustfmt::skip]
const READ: Table = &[
    ("iam", &["GenerateCredentialReport", "GenerateServiceLastAccessedDetails"]),
    ("sts", &["DecodeAuthorizationMessage"]),
    ("cloudtrail", &["Insight"]),
    ("logs", &["TestMetricFilter"]),
    ("signin", &["CheckMfa", "CredentialChallenge", "CredentialVerification", "UserAuthentication"]),
];
