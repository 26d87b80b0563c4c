// iam-simulate on questions about roles, each of which is answered so many times.
//
// Usage: iam_simulate.mjs PACKAGES QUESTIONS ROUNDS. PACKAGES is the folder that it was installed into. QUESTIONS is a
// JSON file: {"roles": [{"arn", "policies": [document], "boundary": document or null}],
// "questions": [["permission", "resource"]]}. Prints how many evaluations there were, how many were allowed, and the
// nanoseconds of CPU time that they took, without starting up and without the first round.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [packages, file, rounds] = process.argv.slice(2)
const { runSimulation } = createRequire(join(packages, 'package.json'))('@cloud-copilot/iam-simulate')
const { roles, questions } = JSON.parse(readFileSync(file, 'utf8'))

function simulation(role, [action, resource]) {
    const account = role.arn.split(':')[4]
    const named = (policy, place) => ({ name: `policy-${place}`, policy })
    return {
        request: {
            principal: role.arn,
            action,
            resource: { resource, accountId: account },
            contextVariables: {},
        },
        identityPolicies: role.policies.map(named),
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        permissionBoundaryPolicies: role.boundary ? [named(role.boundary, 0)] : undefined,
    }
}

const asked = roles.flatMap((role) => questions.map((question) => simulation(role, question)))

async function round() {
    let allowed = 0
    for (const one of asked) {
        const answer = await runSimulation(one, {})
        if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors))
        allowed += answer.overallResult === 'Allowed' ? 1 : 0
    }
    return allowed
}

let allowed = await round()
const before = process.cpuUsage()
for (let done = 0; done < Number(rounds); done += 1) allowed = await round()
const { user, system } = process.cpuUsage(before)
console.log(`evaluations ${asked.length * Number(rounds)} allowed ${allowed} cpu ${(user + system) * 1000}`)
