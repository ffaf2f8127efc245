<qgis version="3.22.16-Białowieża" styleCategories="Symbology|Labeling" labelsEnabled="0">
 <pipe>
  <provider>
   <resampling enabled="false" maxOversampling="2" zoomedInResamplingMethod="nearestNeighbour" zoomedOutResamplingMethod="nearestNeighbour" />
  </provider>
  <rasterrenderer type="singlebandpseudocolor" opacity="0.55" band="1" alphaBand="-1" nodataColor="" classificationMin="0" classificationMax="5">
   <rasterTransparency />
   <minMaxOrigin>
    <limits>None</limits>
    <extent>WholeRaster</extent>
    <statAccuracy>Exact</statAccuracy>
   </minMaxOrigin>
   <rastershader>
    <colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0" minimumValue="0" maximumValue="5" labelPrecision="4">
     <item value="1" label="0 – 1 kWh/m2/day" color="#fdf3d0" alpha="255" />
     <item value="2" label="1 – 2 kWh/m2/day" color="#bbd4aa" alpha="255" />
     <item value="3" label="2 – 3 kWh/m2/day" color="#5daba0" alpha="255" />
     <item value="4" label="3 – 4 kWh/m2/day" color="#28708a" alpha="255" />
     <item value="inf" label="4 – 5 kWh/m2/day" color="#1f2f5f" alpha="255" />
    </colorrampshader>
   </rastershader>
  </rasterrenderer>
  <brightnesscontrast brightness="0" contrast="0" gamma="1" />
  <huesaturation saturation="0" grayscaleMode="0" colorizeOn="0" />
  <rasterresampler maxOversampling="2" />
 </pipe>
 <blendMode>0</blendMode>
</qgis>
