package main

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// printNotes prints what `helm install shop --namespace web` would say, which Helm itself shows only
// where there is a cluster.
func printNotes(folder, valuesFile string) error {
	chart, err := loader.Load(folder)
	if err != nil {
		return err
	}
	given, err := chartutil.ReadValuesFile(valuesFile)
	if err != nil {
		return err
	}
	release := chartutil.ReleaseOptions{Name: "shop", Namespace: "web", IsInstall: true, Revision: 1}
	values, err := chartutil.ToRenderValues(chart, given, release, nil)
	if err != nil {
		return err
	}
	files, err := engine.Render(chart, values)
	if err != nil {
		return err
	}
	for name, text := range files {
		if strings.HasSuffix(name, "/NOTES.txt") {
			fmt.Println(strings.TrimSpace(text))
			return nil
		}
	}
	return fmt.Errorf("%s has no NOTES.txt", folder)
}
