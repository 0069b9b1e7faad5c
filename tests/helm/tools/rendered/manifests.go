package main

import (
	"fmt"
	"os"
	"regexp"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// pod is a pod, or what a Deployment makes pods of.
type pod struct {
	name string
	meta metav1.ObjectMeta
	spec corev1.PodSpec
}

type manifests struct {
	pods       []pod
	configMaps map[string]corev1.ConfigMap
	accounts   []corev1.ServiceAccount
}

var separator = regexp.MustCompile(`(?m)^---\n`)

// Kinds that make pods and that this program does not read: a chart with one would go unchecked.
var unreadKinds = map[string]bool{
	"StatefulSet": true, "DaemonSet": true, "ReplicaSet": true, "Job": true, "CronJob": true,
}

func readManifests(file string) (manifests, error) {
	read := manifests{configMaps: map[string]corev1.ConfigMap{}}
	text, err := os.ReadFile(file)
	if err != nil {
		return read, err
	}
	for _, document := range separator.Split(string(text), -1) {
		if err := read.add([]byte(document)); err != nil {
			return read, fmt.Errorf("%s: %w", file, err)
		}
	}
	if len(read.pods) == 0 {
		return read, fmt.Errorf("%s has no pods", file)
	}
	return read, nil
}

func (m *manifests) add(document []byte) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return err
	}
	switch kind.Kind {
	case "Deployment":
		var deployment appsv1.Deployment
		if err := yaml.Unmarshal(document, &deployment); err != nil {
			return err
		}
		template := deployment.Spec.Template
		m.pods = append(m.pods, pod{"Deployment " + deployment.Name, template.ObjectMeta, template.Spec})
	case "Pod":
		var single corev1.Pod
		if err := yaml.Unmarshal(document, &single); err != nil {
			return err
		}
		m.pods = append(m.pods, pod{"Pod " + single.Name, single.ObjectMeta, single.Spec})
	case "ConfigMap":
		var configMap corev1.ConfigMap
		if err := yaml.Unmarshal(document, &configMap); err != nil {
			return err
		}
		m.configMaps[configMap.Name] = configMap
	case "ServiceAccount":
		var account corev1.ServiceAccount
		if err := yaml.Unmarshal(document, &account); err != nil {
			return err
		}
		m.accounts = append(m.accounts, account)
	}
	if unreadKinds[kind.Kind] {
		return fmt.Errorf("%s makes pods; teach tests/helm/tools/rendered to read it", kind.Kind)
	}
	return nil
}
