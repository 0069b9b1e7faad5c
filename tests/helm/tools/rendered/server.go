package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Stands for a value that only a cluster knows.
var clusterValues = map[string]string{"SLUICE_REDIS_URL": "redis://redis:6379", "SLUICE_SHARDS": "2"}

// printServer prints what `env` would need to start the server as its pod does.
func printServer(file, folder string) error {
	read, err := readManifests(file)
	if err != nil {
		return err
	}
	for _, pod := range read.pods {
		for _, container := range pod.spec.Containers {
			if container.Name != "sluice" {
				continue
			}
			paths, err := writeConfiguration(read, pod.spec.Volumes, container, folder)
			if err != nil {
				return err
			}
			return printCommand(container, paths)
		}
	}
	return fmt.Errorf("%s has no container sluice", file)
}

// writeConfiguration writes the ConfigMaps that are mounted. The result maps them into the folder.
func writeConfiguration(read manifests, volumes []corev1.Volume, container corev1.Container,
	folder string) (*strings.Replacer, error) {
	var moved []string
	for _, volume := range volumes {
		for _, mount := range container.VolumeMounts {
			if mount.Name != volume.Name || volume.ConfigMap == nil {
				continue
			}
			configMap, found := read.configMaps[volume.ConfigMap.Name]
			if !found {
				return nil, fmt.Errorf("there is no ConfigMap %s", volume.ConfigMap.Name)
			}
			target := filepath.Join(folder, mount.MountPath)
			if err := os.MkdirAll(target, 0o755); err != nil {
				return nil, err
			}
			for name, text := range configMap.Data {
				if err := os.WriteFile(filepath.Join(target, name), []byte(text), 0o644); err != nil {
					return nil, err
				}
			}
			moved = append(moved, mount.MountPath, target)
		}
	}
	return strings.NewReplacer(moved...), nil
}

func printCommand(container corev1.Container, paths *strings.Replacer) error {
	for _, variable := range container.Env {
		value := variable.Value
		if variable.ValueFrom != nil {
			known, found := clusterValues[variable.Name]
			if !found {
				return fmt.Errorf("no value is known for %s", variable.Name)
			}
			value = known
		}
		fmt.Printf("%s=%s\x00", variable.Name, value)
	}
	for _, argument := range container.Args {
		fmt.Printf("%s\x00", paths.Replace(argument))
	}
	return nil
}
