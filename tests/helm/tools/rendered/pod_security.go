package main

import (
	"fmt"
	"strings"

	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// checkPodSecurity asks the checks that Kubernetes' own admission asks.
func checkPodSecurity(file string) error {
	read, err := readManifests(file)
	if err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return err
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	var violations []string
	for _, pod := range read.pods {
		for _, result := range evaluator.EvaluatePod(restricted, &pod.meta, &pod.spec) {
			if !result.Allowed {
				violations = append(violations,
					fmt.Sprintf("%s: %s: %s", pod.name, result.ForbiddenReason, result.ForbiddenDetail))
			}
		}
		violations = append(violations, checkHardening(pod)...)
	}
	for _, account := range read.accounts {
		if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
			violations = append(violations, "ServiceAccount "+account.Name+" gives its pods a token")
		}
	}
	if len(violations) > 0 {
		return fmt.Errorf("%s\n  %s", file, strings.Join(violations, "\n  "))
	}
	return nil
}

// checkHardening checks what the restricted level leaves open.
func checkHardening(pod pod) []string {
	var violations []string
	if pod.spec.AutomountServiceAccountToken == nil || *pod.spec.AutomountServiceAccountToken {
		violations = append(violations, pod.name+" gets a service account's token")
	}
	for _, volume := range pod.spec.Volumes {
		if volume.Projected != nil {
			violations = append(violations, pod.name+" has the projected volume "+volume.Name)
		}
	}
	containers := append(pod.spec.InitContainers, pod.spec.Containers...)
	for _, container := range containers {
		security := container.SecurityContext
		if security == nil || security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
			violations = append(violations, pod.name+": "+container.Name+" can write to its file system")
		}
		if container.Resources.Limits.Memory().IsZero() {
			violations = append(violations, pod.name+": "+container.Name+" has no limit of memory")
		}
		for _, mount := range container.VolumeMounts {
			// A file that is mounted alone never changes.
			if mount.SubPath != "" {
				violations = append(violations, pod.name+": "+container.Name+" mounts "+mount.Name+" by subPath")
			}
		}
	}
	return violations
}
