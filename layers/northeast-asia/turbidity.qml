<qgis version="3.22.16-Białowieża" styleCategories="Symbology|Labeling" labelsEnabled="0">
 <pipe>
  <provider>
   <resampling enabled="false" maxOversampling="2" zoomedInResamplingMethod="nearestNeighbour" zoomedOutResamplingMethod="nearestNeighbour" />
  </provider>
  <rasterrenderer type="singlebandpseudocolor" opacity="0.55" band="1" alphaBand="-1" nodataColor="" classificationMin="1.5" classificationMax="3">
   <rasterTransparency />
   <minMaxOrigin>
    <limits>None</limits>
    <extent>WholeRaster</extent>
    <statAccuracy>Exact</statAccuracy>
   </minMaxOrigin>
   <rastershader>
    <colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0" minimumValue="1.5" maximumValue="3" labelPrecision="4">
     <item value="1.75" label="1.5 – 1.75 dimensionless" color="#fdf3d0" alpha="255" />
     <item value="2" label="1.75 – 2 dimensionless" color="#ccdbae" alpha="255" />
     <item value="2.25" label="2 – 2.25 dimensionless" color="#85bda3" alpha="255" />
     <item value="2.5" label="2.25 – 2.5 dimensionless" color="#419499" alpha="255" />
     <item value="2.75" label="2.5 – 2.75 dimensionless" color="#256383" alpha="255" />
     <item value="inf" label="2.75 – 3 dimensionless" color="#1f2f5f" alpha="255" />
    </colorrampshader>
   </rastershader>
  </rasterrenderer>
  <brightnesscontrast brightness="0" contrast="0" gamma="1" />
  <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0" />
  <rasterresampler maxOversampling="2" />
 </pipe>
 <blendMode>0</blendMode>
</qgis>
