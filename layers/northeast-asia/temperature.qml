<qgis version="3.22.16-Białowieża" styleCategories="Symbology|Labeling" labelsEnabled="0">
 <pipe>
  <provider>
   <resampling enabled="false" maxOversampling="2" zoomedInResamplingMethod="nearestNeighbour" zoomedOutResamplingMethod="nearestNeighbour" />
  </provider>
  <rasterrenderer type="singlebandpseudocolor" opacity="0.55" band="1" alphaBand="-1" nodataColor="" classificationMin="-30" classificationMax="20">
   <rasterTransparency />
   <minMaxOrigin>
    <limits>None</limits>
    <extent>WholeRaster</extent>
    <statAccuracy>Exact</statAccuracy>
   </minMaxOrigin>
   <rastershader>
    <colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0" minimumValue="-30" maximumValue="20" labelPrecision="4">
     <item value="-20" label="-30 – -20 degC" color="#fdf3d0" alpha="255" />
     <item value="-10" label="-20 – -10 degC" color="#bbd4aa" alpha="255" />
     <item value="0" label="-10 – 0 degC" color="#5daba0" alpha="255" />
     <item value="10" label="0 – 10 degC" color="#28708a" alpha="255" />
     <item value="inf" label="10 – 20 degC" color="#1f2f5f" alpha="255" />
    </colorrampshader>
   </rastershader>
  </rasterrenderer>
  <brightnesscontrast brightness="0" contrast="0" gamma="1" />
  <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0" />
  <rasterresampler maxOversampling="2" />
 </pipe>
 <blendMode>0</blendMode>
</qgis>
